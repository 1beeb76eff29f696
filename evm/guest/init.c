/*
 * init.c: the init program that runs the EVM on the kernel: what SputnikVM
 * did on Rux. It runs a few bytes of code by Frontier's rules, then a
 * transaction that moves value, checks both and ends the run with the
 * verdict. Memory is the heap's, which is fed from Untyped.
 *
 * Then it runs the state tests of each module that is a pack (evm/pack.h);
 * `limit=HEX` ends that after so many cases. A module evm-server.elf is
 * started as a server (server.h) with `grains=HEX` of memory, and runs those
 * that come after it.
 *
 * The kernel's command line may change what is run: code=HEX, gas=HEX. What
 * is expected stays, so anything else than the demonstration fails.
 */
#include <string.h>

#include "evm/frame.h"
#include "evm/guest/server.h"
#include "evm/pack.h"
#include "evm/state.h"
#include "guest-kernel/user/grain.h"
#include "guest-kernel/user/rt.h"

#define GAS_LIMIT     0x0186a0
#define GAS_AVAILABLE 0x013874
#define VALUE	      UINT64_C(0x10000000000)
#define FUNDS	      UINT64_C(0x30000000000)
#define CODE_MAX      256
#define GRAINS	      32

/* PUSH32 2^256-1, PUSH32 2^256-1, ADD, PUSH1 0, SSTORE */
#define PUSH32_ONES                                                         \
	0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,   \
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, \
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, \
		0xff, 0xff

static const uint8_t demo_code[] = {PUSH32_ONES, PUSH32_ONES, 0x01,
				    0x60,	 0x00,	      0x55};

/* 2^256-1 twice, added modulo 2^256 */
static const struct u256 expected_sum = {
	{~UINT64_C(1), ~UINT64_C(0), ~UINT64_C(0), ~UINT64_C(0)}};

static const struct evm_address contract = {{1}}, caller = {{2}}, nobody;

struct job {
	uint8_t code[CODE_MAX];
	size_t len;
	uint64_t gas;
	uint64_t limit;	 /* of state tests */
	uint64_t grains; /* of memory, 256 KiB each, that a server gets */
};

static void *heap_memory(void *ctx, void *old, size_t old_size, size_t size)
{
	if (size > 0)
		return realloc(old, size);
	free(old);
	return NULL;
}

static _Noreturn void fail(const char *what)
{
	rt_print("evm: %s: the test failed", what);
	sys_test_fail();
}

static void check_error(const char *what, int err)
{
	if (err == 0)
		return;
	rt_print("evm: %s: error %d (%s)", what, err,
		 err == EVM_ERR_NO_MEMORY ? "no memory" : "unsupported");
	fail(what);
}

static void expect_success(const char *what, enum evm_status status)
{
	rt_print("evm: %s: %s", what, evm_status_text(status));
	if (status != EVM_SUCCESS)
		fail(what);
}

static void expect_number(const char *what, uint64_t got, uint64_t want)
{
	if (got == want) {
		rt_print("evm: %s 0x%06lx", what, got);
		return;
	}
	rt_print("evm: %s 0x%lx, expected 0x%lx", what, got, want);
	fail(what);
}

static void expect_word(const char *what, const struct u256 *got,
			const struct u256 *want)
{
	rt_print("evm: %s 0x%016lx%016lx%016lx%016lx", what, got->w[3],
		 got->w[2], got->w[1], got->w[0]);
	if (u256_equal(got, want))
		return;
	rt_print("evm: expected 0x%016lx%016lx%016lx%016lx", want->w[3],
		 want->w[2], want->w[1], want->w[0]);
	fail(what);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The value of NAME= on the command line, to the next space; or NULL. */
static const char *option(const char *cmdline, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = cmdline; *p; p++)
		if ((p == cmdline || p[-1] == ' ') &&
		    strncmp(p, name, len) == 0)
			return p + len;
	return NULL;
}

static bool parse_code(const char *text, struct job *job)
{
	for (job->len = 0; *text && *text != ' '; text += 2) {
		int high = hex_digit(text[0]);
		int low = high < 0 ? -1 : hex_digit(text[1]);

		if (low < 0 || job->len == CODE_MAX)
			return false;
		job->code[job->len++] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static bool parse_hex(const char *text, uint64_t *number)
{
	if (text[0] == '0' && text[1] == 'x')
		text += 2;
	for (*number = 0; *text && *text != ' '; text++) {
		if (hex_digit(*text) < 0 || *number >> 58)
			return false;
		*number = *number << 4 | (uint64_t)hex_digit(*text);
	}
	return true;
}

static void read_options(const char *cmdline, struct job *job)
{
	const char *code = option(cmdline, "code=");
	const char *gas = option(cmdline, "gas=");
	const char *limit = option(cmdline, "limit=");
	const char *grains = option(cmdline, "grains=");

	*job = (struct job){.len = sizeof(demo_code),
			    .gas = GAS_LIMIT,
			    .limit = UINT64_MAX,
			    .grains = GRAINS};
	memcpy(job->code, demo_code, sizeof(demo_code));
	if (code && !parse_code(code, job))
		fail("code= wants up to 256 bytes in hex");
	if (gas && !parse_hex(gas, &job->gas))
		fail("gas= wants a hex number below 2^62");
	if (limit && !parse_hex(limit, &job->limit))
		fail("limit= wants a hex number");
	if (grains && (!parse_hex(grains, &job->grains) || job->grains == 0 ||
		       job->grains > GRAINS_MAX))
		fail("grains= wants a hex number from 1 to 3c0");
}

static void run_code(struct evm *evm, const struct job *job)
{
	struct evm_message msg = {.gas = (int64_t)job->gas,
				  .sender = caller,
				  .recipient = contract,
				  .code_from = contract};
	struct u256 zero = u256_from(0), stored = zero;
	const struct evm_account *account;
	struct evm_result result;

	rt_print("evm: running %zu bytes of code, gas limit 0x%06lx", job->len,
		 job->gas);
	check_error("account",
		    evm_state_put(evm->state, &contract, 0, &zero, NULL, 0));
	check_error("run",
		    evm_run_code(evm, &msg, job->code, job->len, &result));
	evm_state_commit(evm->state, evm->fork);
	expect_success("code", result.status);
	expect_number("available gas", (uint64_t)result.gas_left,
		      GAS_AVAILABLE);
	account = evm_state_find(evm->state, &contract);
	if (account)
		stored = evm_account_storage(account, &zero);
	expect_word("storage slot 0", &stored, &expected_sum);
}

static uint64_t balance_of(struct evm *evm, const struct evm_address *addr)
{
	const struct evm_account *account = evm_state_find(evm->state, addr);

	if (!account)
		return 0;
	if (!u256_fits_u64(&account->balance))
		fail("a balance is beyond 64 bits");
	return account->balance.w[0];
}

static void transfer(struct evm *evm)
{
	struct u256 funds = u256_from(FUNDS);
	struct evm_transaction tx = {.sender = caller,
				     .to = nobody,
				     .gas_limit = GAS_LIMIT,
				     .value = u256_from(VALUE)};
	struct evm_receipt receipt;

	rt_print("evm: transaction: 0x%lx to address 0", VALUE);
	check_error("account",
		    evm_state_put(evm->state, &caller, 0, &funds, NULL, 0));
	check_error("transaction", evm_transact(evm, &tx, &receipt));
	expect_success("transaction", receipt.result.status);
	expect_number("gas used", receipt.gas_used, 21000);
	expect_number("balance of the sender", balance_of(evm, &caller),
		      FUNDS - VALUE);
	expect_number("balance of address 0", balance_of(evm, &nobody), VALUE);
}

struct counts {
	uint64_t passed, failed, gas;
};

#define PROGRESS 1000 /* cases from one line to the next */

static void count_case(const struct evm_pack_result *r, struct counts *counts)
{
	counts->gas += r->gas_used;
	if (!r->wrong) {
		counts->passed++;
	} else {
		counts->failed++;
		rt_print("evm: %.*s (%s): %s", (int)r->name_len, r->name,
			 evm_fork_name(r->fork), r->wrong);
	}
	if ((counts->passed + counts->failed) % PROGRESS == 0)
		rt_print("evm: %lu state tests, %lu failed",
			 counts->passed + counts->failed, counts->failed);
}

/* Said of a pack at its end; anything but success fails the run. */
static void finish_pack(const char *where, const struct counts *counts)
{
	rt_print("evm: state tests%s: %lu passed, %lu failed, gas %lu", where,
		 counts->passed, counts->failed, counts->gas);
	if (counts->failed > 0 || counts->passed == 0)
		fail("state tests");
}

static void run_pack(struct evm_pack *pack, uint64_t limit,
		     const struct evm_allocator *alloc)
{
	struct counts counts = {0};
	struct evm_pack_result r;
	int more = 0;

	while (counts.passed + counts.failed < limit &&
	       (more = evm_pack_run(pack, alloc, &r)) > 0)
		count_case(&r, &counts);
	if (more < 0)
		fail(more == EVM_ERR_PACK ? "malformed pack" : "no memory");
	finish_pack("", &counts);
}

/* The same, but each transaction goes to the server. */
static void send_pack(struct evm_pack *pack, uint64_t limit)
{
	static const char *const what[] = {"", "different", "malformed",
					   "no memory"};
	struct counts counts = {0};
	enum server_answer answer;
	uint64_t gas;

	while (pack->at != pack->end && counts.passed + counts.failed < limit) {
		answer = server_run(pack, &gas);
		counts.gas += gas;
		if (answer == SERVER_OK) {
			counts.passed++;
			continue;
		}
		counts.failed++;
		rt_print("evm: server: test %lu: %s",
			 counts.passed + counts.failed,
			 answer <= SERVER_NO_MEMORY ? what[answer] : "?");
	}
	finish_pack(" on the server", &counts);
}

static bool is_server(const struct boot_module *module)
{
	return strcmp(module->name, "evm-server.elf") == 0;
}

/* Packs are run here; those behind a server's program, by that. */
static void run_modules(const struct boot_info *info, const struct job *job,
			const struct evm_allocator *alloc)
{
	struct evm_pack pack;
	bool served = false;

	for (uint32_t i = 0; i < info->module_count; i++) {
		const struct boot_module *m = &info->module[i];

		if (is_server(m)) {
			if (served || !server_start(m, (unsigned)job->grains))
				fail("no server");
			served = true;
		} else if (!evm_pack_open(&pack, (const uint8_t *)m->va,
					  m->bytes)) {
			fail("a module is no pack of state tests");
		} else if (served) {
			send_pack(&pack, job->limit);
		} else {
			run_pack(&pack, job->limit, alloc);
		}
	}
	if (served)
		server_stop();
}

int user_main(const struct boot_info *info)
{
	static struct evm evm; /* too large for the stack of 16 KiB */
	struct job job;

	if (!info)
		return 0;
	evm.alloc.resize = heap_memory;
	evm.fork = EVM_FRONTIER;
	evm.block.gas_limit = GAS_LIMIT;
	evm.block.number = 1;
	evm.state = evm_state_create(&evm.alloc);
	if (!evm.state)
		fail("state: no memory");
	read_options(info->cmdline, &job);
	run_code(&evm, &job);
	transfer(&evm);
	evm_fini(&evm);
	evm_state_destroy(evm.state);
	run_modules(info, &job, &evm.alloc);
	sys_test_succeed();
}
