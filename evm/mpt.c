/*
 * mpt.c: Merkle-Patricia tries (yellow paper, appendix D), and the state root,
 * whose keys are hashed. A trie is built anew from all its items: the keys
 * are sorted, so each node is a run of items that share a prefix, and the
 * nodes are written depth first. A trie is 64 nibbles deep at most.
 */
#include "evm/alloc.h"
#include "evm/frame.h"
#include "evm/hash.h"
#include "evm/mpt.h"
#include "evm/state.h"

static unsigned nibble(const struct evm_trie_item *item, unsigned i)
{
	return i % 2 ? item->key[i / 2] & 15 : item->key[i / 2] >> 4;
}

/* Nibbles from..to in pairs, with the flags of their parity and of a leaf. */
static void write_path(struct evm_rlp *r, const struct evm_trie_item *item,
		       unsigned from, unsigned to, bool leaf)
{
	unsigned odd = (to - from) % 2;
	uint8_t path[33];
	size_t len = 0;

	path[len] = leaf ? 0x20 : 0;
	if (odd)
		path[len] |= 0x10 | nibble(item, from++);
	for (len++; from < to; from += 2)
		path[len++] = nibble(item, from) << 4 | nibble(item, from + 1);
	evm_rlp_string(r, path, len);
}

static void write_node(const struct evm_trie *t, struct evm_rlp *r,
		       size_t first, size_t end, unsigned depth);

/* A node that is shorter than its hash stands for itself. */
static void write_child(const struct evm_trie *t, struct evm_rlp *r,
			size_t first, size_t end, unsigned depth)
{
	size_t start = r->len;
	uint8_t hash[32];

	write_node(t, r, first, end, depth);
	if (r->failed || r->len - start < 32)
		return;
	evm_keccak256(r->bytes + start, r->len - start, hash);
	r->len = start;
	evm_rlp_string(r, hash, 32);
}

/* The item whose key ends here is the branch's own; it sorts first. */
static void write_branch(const struct evm_trie *t, struct evm_rlp *r,
			 size_t first, size_t end, unsigned depth)
{
	const struct evm_trie_item *own = &t->items[first];
	bool has_own = own->nibbles == depth;

	first += has_own;
	for (unsigned n = 0; n < 16; n++) {
		size_t next = first;

		while (next < end && nibble(&t->items[next], depth) == n)
			next++;
		if (next > first)
			write_child(t, r, first, next, depth + 1);
		else
			evm_rlp_string(r, NULL, 0);
		first = next;
	}
	if (has_own)
		evm_rlp_string(r, t->values.bytes + own->value, own->len);
	else
		evm_rlp_string(r, NULL, 0);
}

static void write_node(const struct evm_trie *t, struct evm_rlp *r,
		       size_t first, size_t end, unsigned depth)
{
	const struct evm_trie_item *a = &t->items[first],
				   *z = &t->items[end - 1];
	size_t list = evm_rlp_begin(r);
	unsigned same = depth;

	if (end - first == 1) {
		write_path(r, a, depth, a->nibbles, true);
		evm_rlp_string(r, t->values.bytes + a->value, a->len);
		evm_rlp_end(r, list);
		return;
	}
	while (same < a->nibbles && nibble(a, same) == nibble(z, same))
		same++;
	if (same > depth) {
		write_path(r, a, depth, same, false);
		write_child(t, r, first, end, same);
	} else {
		write_branch(t, r, first, end, depth);
	}
	evm_rlp_end(r, list);
}

/* Zeros behind a key that is shorter: then that one is first. */
static int compare(const struct evm_trie_item *a, const struct evm_trie_item *b)
{
	int order = memcmp(a->key, b->key, sizeof(a->key));

	return order ? order : (int)a->nibbles - (int)b->nibbles;
}

static void sift(struct evm_trie_item *items, size_t root, size_t count)
{
	struct evm_trie_item moving = items[root];
	size_t child;

	while ((child = root * 2 + 1) < count) {
		if (child + 1 < count &&
		    compare(&items[child], &items[child + 1]) < 0)
			child++;
		if (compare(&moving, &items[child]) >= 0)
			break;
		items[root] = items[child];
		root = child;
	}
	items[root] = moving;
}

static void heap_sort(struct evm_trie_item *items, size_t count)
{
	for (size_t i = count / 2; i-- > 0;)
		sift(items, i, count);
	for (size_t end = count; end-- > 1;) {
		struct evm_trie_item largest = items[0];

		items[0] = items[end];
		items[end] = largest;
		sift(items, 0, end);
	}
}

void evm_trie_init(struct evm_trie *t, const struct evm_allocator *alloc)
{
	*t = (struct evm_trie){.values.alloc = alloc};
}

void evm_trie_add(struct evm_trie *t, const uint8_t *key, size_t key_len,
		  size_t value)
{
	void *items = t->items;
	struct evm_trie_item *item;

	if (key_len > sizeof(item->key) ||
	    evm_reserve(t->values.alloc, &items, &t->size, t->count + 1,
			sizeof(*item)) < 0)
		t->values.failed = true;
	t->items = items;
	if (t->values.failed)
		return;
	item = &t->items[t->count++];
	memset(item->key, 0, sizeof(item->key));
	if (key_len > 0)
		memcpy(item->key, key, key_len);
	item->nibbles = 2 * (unsigned)key_len;
	item->value = value;
	item->len = t->values.len - value;
}

void evm_trie_add_hashed(struct evm_trie *t, const uint8_t *key, size_t key_len,
			 size_t value)
{
	uint8_t hash[32];

	evm_keccak256(key, key_len, hash);
	evm_trie_add(t, hash, sizeof(hash), value);
}

int evm_trie_finish(struct evm_trie *t, struct evm_hash *root)
{
	struct evm_rlp r = {.alloc = t->values.alloc,
			    .failed = t->values.failed};

	if (!r.failed) {
		heap_sort(t->items, t->count);
		if (t->count > 0)
			write_node(t, &r, 0, t->count, 0);
		else
			evm_rlp_string(&r, NULL, 0);
	}
	if (!r.failed)
		evm_keccak256(r.bytes, r.len, root->bytes);
	evm_rlp_fini(&r);
	evm_rlp_fini(&t->values);
	evm_free(t->values.alloc, t->items, t->size * sizeof(*t->items));
	evm_trie_init(t, r.alloc);
	return r.failed ? EVM_ERR_NO_MEMORY : 0;
}

static int storage_root(const struct evm_account *account,
			const struct evm_allocator *alloc,
			struct evm_hash *root)
{
	const struct evm_slot *slot = NULL;
	struct evm_trie t;
	uint8_t key[32];

	evm_trie_init(&t, alloc);
	while ((slot = evm_account_next_slot(account, slot))) {
		size_t value = t.values.len;

		u256_store(key, &slot->key);
		evm_rlp_number(&t.values, &slot->value);
		evm_trie_add_hashed(&t, key, sizeof(key), value);
	}
	return evm_trie_finish(&t, root);
}

static int write_account(struct evm_rlp *r, const struct evm_account *account)
{
	struct u256 nonce = u256_from(account->nonce);
	size_t list = evm_rlp_begin(r);
	struct evm_hash root, code_hash;
	int err = storage_root(account, r->alloc, &root);

	if (err < 0)
		return err;
	evm_code_hash(account->code, &code_hash);
	evm_rlp_number(r, &nonce);
	evm_rlp_number(r, &account->balance);
	evm_rlp_string(r, root.bytes, sizeof(root.bytes));
	evm_rlp_string(r, code_hash.bytes, sizeof(code_hash.bytes));
	evm_rlp_end(r, list);
	return 0;
}

int evm_state_root(const struct evm_state *state,
		   const struct evm_allocator *alloc, struct evm_hash *root)
{
	const struct evm_account *account = NULL;
	struct evm_trie t;

	evm_trie_init(&t, alloc);
	while ((account = evm_state_next(state, account))) {
		size_t value = t.values.len;

		if (write_account(&t.values, account) < 0)
			t.values.failed = true;
		evm_trie_add_hashed(&t, account->address.bytes,
				    sizeof(account->address.bytes), value);
	}
	return evm_trie_finish(&t, root);
}
