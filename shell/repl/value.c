/*
 * value.c: expressions, as in C: numbers, registers (rax or $rax), symbols,
 * *EXPR for eight bytes of memory, ( ), unary - ~ !, and the binary operators
 * with C's precedence. Everything is an unsigned number of 64 bits.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "shell/repl/repl.h"

#define DEPTH_MAX 32
#define NAME_SIZE 128

struct expression {
	struct repl *r;
	const char *at;
	bool user;
	unsigned depth;
	struct reason *why; /* text: set when it is no good */
};

static uint64_t binary(struct expression *e, int least);

static uint64_t wrong(struct expression *e, const char *what)
{
	if (!*e->why->text)
		reason_set(e->why, 0, "%s", what);
	return 0;
}

static bool failed(const struct expression *e)
{
	return *e->why->text;
}

static void skip(struct expression *e)
{
	while (*e->at == ' ')
		e->at++;
}

/* ---- names ---- */

void repl_symbols(struct repl *r)
{
	const struct options *o = &r->options->options;

	if (r->have_symbols)
		return;
	r->have_symbols = true;
	symbols_load(&r->kernel, o->kernel);
	symbols_load(&r->init, o->module_count ? o->module[0] : NULL);
}

/* "start" finds _start, too. */
static bool find_symbol(const struct symbols *s, const char *name,
			uint64_t *value)
{
	const struct symbol *other = NULL;

	for (size_t i = 0; i < s->count; i++) {
		const char *found = s->symbol[i].name;

		if (!strcmp(found, name)) {
			*value = s->symbol[i].va;
			return true;
		}
		if (*found == '_' && !strcmp(found + 1, name))
			other = &s->symbol[i];
	}
	if (other)
		*value = other->va;
	return other;
}

static bool in_user_mode(struct repl *r)
{
	struct x86_state s;

	r->m->cpu[r->m->turn.cpu]->ops->get_state(r->m->cpu[r->m->turn.cpu],
						  &s);
	return (s.seg[SEG_SS].attr & SEG_ATTR_DPL) == SEG_ATTR_DPL;
}

void repl_name(struct repl *r, uint64_t va, char *text, size_t size)
{
	bool kernel = va >> 63 || !in_user_mode(r);

	repl_symbols(r);
	if (!symbols_name(kernel ? &r->kernel : &r->init, va, text, size))
		symbols_name(kernel ? &r->init : &r->kernel, va, text, size);
}

static const char *const registers[GPR_COUNT] = {
	"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
	"r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};

static bool find_register(struct repl *r, const char *name, uint64_t *value)
{
	struct vcpu *cpu = r->m->cpu[r->m->turn.cpu];
	struct x86_state s;

	cpu->ops->get_state(cpu, &s);
	for (unsigned i = 0; i < GPR_COUNT; i++)
		if (!strcmp(name, registers[i])) {
			*value = s.gpr[i];
			return true;
		}
	if (!strcmp(name, "rip") || !strcmp(name, "pc"))
		*value = s.rip;
	else if (!strcmp(name, "sp"))
		*value = s.gpr[GPR_RSP];
	else if (!strcmp(name, "rflags"))
		*value = s.rflags;
	else if (!strcmp(name, "cr0"))
		*value = s.cr0;
	else if (!strcmp(name, "cr2"))
		*value = s.cr2;
	else if (!strcmp(name, "cr3"))
		*value = s.cr3;
	else if (!strcmp(name, "cr4"))
		*value = s.cr4;
	else
		return false;
	return true;
}

bool repl_read(struct repl *r, uint64_t va, void *to, size_t len)
{
	struct vcpu *cpu = r->m->cpu[r->m->turn.cpu];
	uint8_t *at = to;
	uint64_t gpa;

	for (size_t i = 0; i < len; i++)
		if (!cpu->ops->translate(cpu, va + i, &gpa) ||
		    !guestmem_read(&r->m->mem, gpa, &at[i], 1))
			return false;
	return true;
}

static uint64_t name_value(struct expression *e, const char *name)
{
	const struct symbols *first, *second;
	uint64_t value = 0;

	if (*name == '$') {
		if (!find_register(e->r, name + 1, &value))
			reason_set(e->why, 0, "no register '%s'", name + 1);
		return value;
	}
	if (find_register(e->r, name, &value))
		return value;
	repl_symbols(e->r);
	first = e->user ? &e->r->init : &e->r->kernel;
	second = e->user ? &e->r->kernel : &e->r->init;
	if (!find_symbol(first, name, &value) &&
	    !find_symbol(second, name, &value))
		reason_set(e->why, 0, "'%s' is no number, register or symbol",
			   name);
	return value;
}

/* ---- the grammar ---- */

static uint64_t number(struct expression *e)
{
	uint64_t value = 0;
	int base = 10;

	if (e->at[0] == '0' && (e->at[1] == 'x' || e->at[1] == 'X')) {
		base = 16;
		e->at += 2;
		if (!isxdigit((unsigned char)*e->at))
			return wrong(e, "0x needs digits behind it");
	}
	for (; isalnum((unsigned char)*e->at) || *e->at == '_'; e->at++) {
		int c = tolower((unsigned char)*e->at);
		int digit = c >= 'a' ? c - 'a' + 10 : c - '0';

		if (c == '_')
			continue;
		if (digit >= base)
			return wrong(e, base == 10 ? "a decimal number has "
						     "digits 0 to 9 only"
						   : "a hexadecimal number "
						     "has 0-9 and a-f only");
		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return wrong(e, "the number does not fit in 64 bits");
	}
	return value;
}

static uint64_t word(struct expression *e)
{
	char name[NAME_SIZE];
	size_t len = 0;

	while (isalnum((unsigned char)*e->at) ||
	       (*e->at && strchr("_$.", *e->at))) {
		if (len + 1 == sizeof(name))
			return wrong(e, "a name is too long");
		name[len++] = *e->at++;
	}
	name[len] = 0;
	return len ? name_value(e, name) : wrong(e, "a value is missing");
}

static uint64_t load(struct expression *e, uint64_t va)
{
	uint64_t value = 0;

	if (!failed(e) && !repl_read(e->r, va, &value, sizeof(value)))
		reason_set(e->why, 0, "%#" PRIx64 " is not mapped", va);
	return value;
}

static uint64_t primary(struct expression *e)
{
	uint64_t value;

	skip(e);
	if (*e->at != '(')
		return isdigit((unsigned char)*e->at) ? number(e) : word(e);
	e->at++;
	value = binary(e, 0);
	skip(e);
	if (*e->at != ')')
		return wrong(e, "a ) is missing");
	e->at++;
	return value;
}

static uint64_t unary(struct expression *e)
{
	uint64_t value;
	char op;

	skip(e);
	op = *e->at;
	if (!op || !strchr("-~!*", op))
		return primary(e);
	if (++e->depth > DEPTH_MAX)
		return wrong(e, "it is nested too deeply");
	e->at++;
	value = unary(e);
	e->depth--;
	switch (op) {
	case '-':
		return -value;
	case '~':
		return ~value;
	case '!':
		return !value;
	default:
		return load(e, value);
	}
}

/* The longer ones first. */
static const struct {
	const char *sign;
	int level;
} operators[] = {{"||", 1}, {"&&", 2}, {"==", 6}, {"!=", 6}, {"<=", 7},
		 {">=", 7}, {"<<", 8}, {">>", 8}, {"|", 3},  {"^", 4},
		 {"&", 5},  {"<", 7},  {">", 7},  {"+", 9},  {"-", 9},
		 {"*", 10}, {"/", 10}, {"%", 10}};

#define OPERATORS (sizeof(operators) / sizeof(operators[0]))

static uint64_t compute(struct expression *e, const char *sign, uint64_t a,
			uint64_t b)
{
	bool twice = sign[1];

	switch (sign[0]) {
	case '|':
		return twice ? a || b : (a | b);
	case '&':
		return twice ? a && b : (a & b);
	case '^':
		return a ^ b;
	case '=':
		return a == b;
	case '!':
		return a != b;
	case '<':
		if (sign[1] == '<')
			return b < 64 ? a << b : 0;
		return twice ? a <= b : a < b;
	case '>':
		if (sign[1] == '>')
			return b < 64 ? a >> b : 0;
		return twice ? a >= b : a > b;
	case '+':
		return a + b;
	case '-':
		return a - b;
	case '*':
		return a * b;
	}
	if (!b)
		return wrong(e, "a division by zero");
	return sign[0] == '/' ? a / b : a % b;
}

static size_t operator_at(const struct expression *e)
{
	size_t i = 0;

	while (i < OPERATORS && strncmp(e->at, operators[i].sign,
					strlen(operators[i].sign)) != 0)
		i++;
	return i;
}

/* Operators of at least this level. */
static uint64_t binary(struct expression *e, int least)
{
	uint64_t value;
	size_t i;

	if (++e->depth > DEPTH_MAX)
		return wrong(e, "it is nested too deeply");
	value = unary(e);
	for (;;) {
		uint64_t right;

		skip(e);
		i = operator_at(e);
		if (failed(e) || i == OPERATORS || operators[i].level < least)
			break;
		e->at += strlen(operators[i].sign);
		right = binary(e, operators[i].level + 1);
		value = compute(e, operators[i].sign, value, right);
	}
	e->depth--;
	return value;
}

bool repl_evaluate(struct repl *r, const char *text, bool user, uint64_t *value,
		   struct reason *why)
{
	struct expression e = {r, text, user, 0, why};

	*why->text = 0;
	*value = binary(&e, 0);
	skip(&e);
	if (!failed(&e) && *e.at)
		reason_set(why, 0, "'%s' is more than a value", e.at);
	return !failed(&e);
}

bool repl_value(struct repl *r, const char *text, bool user, uint64_t *value)
{
	struct reason why;

	if (repl_evaluate(r, text, user, value, &why))
		return true;
	if (*why.text == '\'' && !strncmp(why.text + 1, text, strlen(text)))
		answer_fail(&r->answer, "USAGE", "%s", why.text);
	else
		answer_fail(&r->answer, "USAGE", "'%s': %s", text, why.text);
	return false;
}
