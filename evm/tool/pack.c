/*
 * pack.c: `evm pack`: tests from JSON into one file that is run without
 * it (evm/pack.h), and running such files.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "evm/pack.h"
#include "evm/rlp.h"
#include "evm/tool/statecase.h"
#include "evm/tool/vmtest.h"

/* A case is put together in memory, for its length comes first. */
struct writer {
	FILE *out;
	uint8_t *bytes;
	size_t len, size;
	bool failed;
	unsigned long cases, left_out;
};

static void put(struct writer *w, const void *bytes, size_t len)
{
	uint8_t *more = w->bytes;

	if (len == 0 || w->failed)
		return;
	if (w->len + len > w->size) {
		w->size = 2 * (w->len + len);
		more = realloc(w->bytes, w->size);
	}
	if (!more) {
		w->failed = true;
		return;
	}
	w->bytes = more;
	memcpy(w->bytes + w->len, bytes, len);
	w->len += len;
}

static void put_number(struct writer *w, uint64_t number, unsigned bytes)
{
	uint8_t little[8];

	for (unsigned i = 0; i < 8; i++)
		little[i] = (uint8_t)(number >> (8 * i));
	put(w, little, bytes);
}

static void put_word(struct writer *w, const struct u256 *word)
{
	uint8_t bytes[32];

	u256_store(bytes, word);
	put(w, bytes, sizeof(bytes));
}

static void put_bytes(struct writer *w, const void *bytes, size_t len)
{
	put_number(w, len, 4);
	put(w, bytes, len);
}

static void put_block(struct writer *w, const struct evm_block *b)
{
	put(w, b->coinbase.bytes, 20);
	put_number(w, b->number, 8);
	put_number(w, b->timestamp, 8);
	put_number(w, b->gas_limit, 8);
	put_word(w, &b->difficulty);
	put_word(w, &b->prev_randao);
	put_word(w, &b->base_fee);
	put_word(w, &b->blob_base_fee);
	put_number(w, b->blob_max, 4);
}

static void put_lists(struct writer *w, const struct evm_transaction *tx)
{
	put_number(w, tx->access_count, 4);
	for (size_t i = 0; i < tx->access_count; i++) {
		put(w, tx->access[i].address.bytes, 20);
		put_number(w, tx->access[i].key_count, 4);
		for (size_t j = 0; j < tx->access[i].key_count; j++)
			put_word(w, &tx->access[i].keys[j]);
	}
	put_number(w, tx->blob_count, 4);
	for (size_t i = 0; i < tx->blob_count; i++)
		put(w, tx->blob_hashes[i].bytes, 32);
	put_number(w, tx->authorization_count, 4);
	for (size_t i = 0; i < tx->authorization_count; i++) {
		const struct evm_authorization *a = &tx->authorizations[i];

		put_word(w, &a->chain_id);
		put(w, a->address.bytes, 20);
		put_number(w, a->nonce, 8);
		put_word(w, &a->y_parity);
		put_word(w, &a->r);
		put_word(w, &a->s);
	}
}

static void put_tx(struct writer *w, const struct evm_transaction *tx)
{
	put_number(w, tx->type, 1);
	put(w, tx->sender.bytes, 20);
	put(w, tx->to.bytes, 20);
	put_number(w, tx->nonce, 8);
	put_number(w, tx->gas_limit, 8);
	put_word(w, &tx->gas_price);
	put_word(w, &tx->priority_price);
	put_word(w, &tx->blob_price);
	put_word(w, &tx->value);
	put_bytes(w, tx->input, tx->input_len);
	put_lists(w, tx);
}

static void put_account(struct writer *w, const struct evm_account *a)
{
	const struct evm_slot *slot = NULL;
	const uint8_t *code;
	size_t len, slots = 0;

	evm_account_code(a, &code, &len);
	put(w, a->address.bytes, 20);
	put_number(w, a->nonce, 8);
	put_word(w, &a->balance);
	put_bytes(w, code, len);
	while ((slot = evm_account_next_slot(a, slot)))
		slots++;
	put_number(w, slots, 4);
	while ((slot = evm_account_next_slot(a, slot))) {
		put_word(w, &slot->key);
		put_word(w, &slot->value);
	}
}

static void put_accounts(struct writer *w, const struct evm_state *state)
{
	const struct evm_account *a = NULL;
	size_t count = 0;

	while ((a = evm_state_next(state, a)))
		count++;
	put_number(w, count, 4);
	while ((a = evm_state_next(state, a)))
		put_account(w, a);
}

/* A case begins with these; root and logs are the expected ones. */
static void put_head(struct writer *w, const char *name, const struct evm *evm,
		     unsigned flags, const struct evm_hash *root,
		     const struct evm_hash *logs)
{
	w->len = 0;
	put_number(w, evm->fork, 1);
	put_number(w, flags, 1);
	put_bytes(w, name, strlen(name));
	put(w, root->bytes, 32);
	put(w, logs->bytes, 32);
	put_number(w, evm->chain_id, 8);
	put_block(w, &evm->block);
}

/* And ends with the state; then it is written. */
static void put_end(struct writer *w, const struct evm_state *state)
{
	uint8_t length[4];

	put_accounts(w, state);
	for (unsigned i = 0; i < 4; i++)
		length[i] = (uint8_t)(w->len >> (8 * i));
	if (w->failed || fwrite(length, 4, 1, w->out) != 1 ||
	    fwrite(w->bytes, w->len, 1, w->out) != 1)
		w->failed = true;
	w->cases++;
}

static void put_case(struct writer *w, const char *name,
		     const struct statecase *t, json_t *post)
{
	unsigned flags = (t->tx.tx.is_creation ? EVM_PACK_CREATION : 0) |
			 (t->refused ? EVM_PACK_REFUSED : 0) |
			 (has(post, "state") ? 0 : EVM_PACK_TOUCH);

	put_head(w, name, &t->evm, flags, &t->root, &t->logs);
	put_tx(w, &t->tx.tx);
	put_end(w, t->evm.state);
}

static void put_frame(struct writer *w, const char *name,
		      const struct vmtest *t, const struct evm_hash *root)
{
	const struct evm_message *msg = &t->msg;
	unsigned flags = EVM_PACK_FRAME | (t->must_fail ? EVM_PACK_FAILS : 0);

	put_head(w, name, &t->evm, flags, root, &t->logs);
	put(w, msg->recipient.bytes, 20);
	put(w, msg->sender.bytes, 20);
	put(w, t->evm.origin.bytes, 20);
	put_word(w, &t->evm.gas_price);
	put_word(w, &msg->value);
	put_number(w, (uint64_t)msg->gas, 8);
	put_bytes(w, t->code, t->code_len);
	put_bytes(w, msg->input, msg->input_len);
	put_number(w, t->gas_left, 8);
	put_bytes(w, t->output, t->output_len);
	put_end(w, t->evm.state);
}

/* Numbers that no transaction can have cannot be packed either. */
static void pack_cases(struct writer *w, const char *name, json_t *test,
		       const char *fork, json_t *cases)
{
	enum evm_fork number = statecase_fork(test, fork);
	struct statecase *t;
	json_t *post;
	size_t i;

	json_array_foreach(cases, i, post)
	{
		t = calloc(1, sizeof(*t));
		if (!t) {
			w->failed = true;
			return;
		}
		t->evm.fork = number;
		if (number < EVM_FORK_COUNT &&
		    statecase_load(t, test, fork, post) && !t->unrepresentable)
			put_case(w, name, t, post);
		else
			w->left_out++;
		statecase_unload(t);
		free(t);
	}
}

static void pack_frame(struct writer *w, const char *name, json_t *test)
{
	struct vmtest *t = calloc(1, sizeof(*t));
	struct evm_hash root;

	if (!t) {
		w->failed = true;
		return;
	}
	if (!vmtest_load(t, test))
		w->left_out++;
	else if (evm_state_root(t->post, &host_allocator, &root) < 0)
		w->failed = true;
	else
		put_frame(w, name, t, &root);
	vmtest_unload(t);
	free(t);
}

static void pack_test(struct writer *w, const char *name, json_t *test)
{
	json_t *cases;
	const char *fork;

	if (json_object_get(test, "exec")) {
		pack_frame(w, name, test);
		return;
	}
	json_object_foreach(json_object_get(test, "post"), fork, cases)
		pack_cases(w, name, test, fork, cases);
}

static bool pack_file(struct writer *w, const char *path)
{
	char problem[JSON_PROBLEM];
	json_t *tests = read_json(path, 0, problem);
	const char *name;
	json_t *test;

	if (!json_is_object(tests)) {
		complain(EXIT_BAD, "pack: %s: %s", path,
			 tests ? "no object" : problem);
		json_decref(tests);
		return false;
	}
	json_object_foreach(tests, name, test) pack_test(w, name, test);
	json_decref(tests);
	return !w->failed;
}

/* Names, one a line: a command line has no room for thousands. */
static bool pack_listed(struct writer *w)
{
	char *line = NULL;
	bool good = true;
	size_t size = 0;
	ssize_t len;

	while (!w->failed && (len = getline(&line, &size, stdin)) > 0) {
		if (line[len - 1] == '\n')
			line[len - 1] = 0;
		if (line[0])
			good &= pack_file(w, line);
	}
	free(line);
	return good;
}

static int write_pack(const char *path, char **files, int count)
{
	struct writer w = {.out = fopen(path, "wb")};
	bool good = true;

	if (!w.out)
		return complain(EXIT_BAD, "pack: %s: %s", path,
				strerror(errno));
	fwrite(EVM_PACK_MAGIC, EVM_PACK_MAGIC_LEN, 1, w.out);
	for (int i = 0; i < count && !w.failed; i++)
		good &= pack_file(&w, files[i]);
	if (count == 0)
		good = pack_listed(&w);
	w.failed |= ferror(w.out) != 0;
	w.failed |= fclose(w.out) != 0;
	free(w.bytes);
	if (w.failed)
		return complain(EXIT_BAD, "pack: %s: cannot be written", path);
	printf("%lu cases packed, %lu left out\n", w.cases, w.left_out);
	return good ? EXIT_DONE : EXIT_BAD;
}

static int run_pack(const char *path)
{
	struct evm_pack_result r;
	unsigned long passed = 0, failed = 0;
	struct evm_pack pack;
	size_t len;
	char *bytes = read_file(path, &len);
	int more;

	if (!bytes)
		return complain(EXIT_BAD, "pack: %s: %s", path,
				strerror(errno));
	if (!evm_pack_open(&pack, (uint8_t *)bytes, len)) {
		free(bytes);
		return complain(EXIT_BAD, "pack: %s: not a pack", path);
	}
	while ((more = evm_pack_run(&pack, &host_allocator, &r)) > 0) {
		if (!r.wrong) {
			passed++;
			continue;
		}
		failed++;
		printf("%.*s (%s): %s\n", (int)r.name_len, r.name,
		       evm_fork_name(r.fork), r.wrong);
	}
	free(bytes);
	printf("%lu passed, %lu failed\n", passed, failed);
	if (more < 0)
		return complain(EXIT_BAD, "pack: %s: %s", path,
				more == EVM_ERR_PACK ? "malformed"
						     : "no memory");
	return failed ? EXIT_BAD : EXIT_DONE;
}

static const char help[] =
	"usage: evm pack PACK [FILE...]\n"
	"       evm pack --run PACK\n"
	"Write the cases of GeneralStateTests and VMTests fixtures to a file\n"
	"that is run without JSON, as by the EVM on the kernel; or run such a\n"
	"file. Without a FILE their names are read from standard input.\n";

int cmd_pack(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--help") == 0) {
		fputs(help, stdout);
		return EXIT_DONE;
	}
	if (argc == 3 && strcmp(argv[1], "--run") == 0)
		return run_pack(argv[2]);
	if (argc < 2 || argv[1][0] == '-') {
		fputs(help, stderr);
		return EXIT_USAGE;
	}
	return write_pack(argv[1], argv + 2, argc - 2);
}
