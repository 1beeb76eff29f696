/* doctor.c: one check after the other, each said as soon as it is known. */
#include "shell/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/cli.h"
#include "shell/runner/text.h"
#include "shell/verdict.h"
#include "vmm/log.h"

#define EXIT_WARN 1

static const struct {
	const char *name;
	void (*check)(struct finding *f);
} checks[] = {
	{"processor", doctor_processor},
	{"kvm device", doctor_kvm_device},
	{"kvm", doctor_kvm},
	{"simulator", doctor_sim},
	{"memory", doctor_memory},
	{"disk", doctor_disk},
	{"sandbox", doctor_sandbox},
	{"display", doctor_display},
	{"terminal", doctor_terminal},
	{"gdb", doctor_gdb},
};

void found(struct finding *f, enum health health, const char *fmt, ...)
{
	va_list args;

	f->health = health;
	va_start(args, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, args);
	va_end(args);
}

void found_fix(struct finding *f, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(f->fix, sizeof(f->fix), fmt, args);
	va_end(args);
}

static bool wanted(const char *line, const char *key, const char **rest)
{
	size_t len = key ? strlen(key) : 0;

	*rest = line;
	if (!key)
		return true;
	if (strncmp(line, key, len))
		return false;
	line += len + strspn(line + len, " \t");
	*rest = line + 1 + strspn(line + (*line == ':'), " \t");
	return *line == ':';
}

bool doctor_read(const char *path, const char *key, char *text, size_t size)
{
	const char *root = getenv("VMM_DOCTOR_ROOT"), *rest;
	char full[4096], *line = NULL;
	size_t room = 0;
	bool done = false;
	FILE *in;

	snprintf(full, sizeof(full), "%s%s", root ? root : "", path);
	in = fopen(full, "re");
	*text = 0;
	while (in && !done && getline(&line, &room, in) > 0) {
		line[strcspn(line, "\n")] = 0;
		done = wanted(line, key, &rest);
		if (done)
			snprintf(text, size, "%s", rest);
	}
	free(line);
	if (in)
		fclose(in);
	return done;
}

/* ---- the report ---- */

static const char *const words[] = {"PASS", "WARN", "FAIL"};

static void print_text(const char *name, const struct finding *f, bool colour)
{
	static const char *const colours[] = {"\033[32m", "\033[33m",
					      "\033[31m"};

	printf("%s%s%s  %-11s ", colour ? colours[f->health] : "",
	       words[f->health], colour ? "\033[m" : "", name);
	text_puts(stdout, TEXT_PLAIN, f->text);
	putchar('\n');
	if (*f->fix) {
		printf("                  fix: ");
		text_puts(stdout, TEXT_PLAIN, f->fix);
		putchar('\n');
	}
	fflush(stdout);
}

static void print_json(const char *name, const struct finding *f)
{
	printf("{\"check\":\"%s\",\"health\":\"%s\",\"text\":\"", name,
	       words[f->health]);
	text_puts(stdout, TEXT_JSON, f->text);
	printf("\",\"fix\":\"");
	text_puts(stdout, TEXT_JSON, f->fix);
	printf("\"}\n");
}

static int run_doctor(int argc, char **argv)
{
	bool json = false, colour = cli_colour(stdout);
	enum health worst = HEALTH_PASS;
	int err = cli_parse(&command_doctor, argc, argv, &json);

	if (err)
		return cli_status(err);
	if (cli_operands(&command_doctor, argc, argv))
		return EXIT_USAGE;
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		struct finding f = {HEALTH_PASS, "", ""};

		checks[i].check(&f);
		if (json)
			print_json(checks[i].name, &f);
		else
			print_text(checks[i].name, &f, colour);
		worst = f.health > worst ? f.health : worst;
	}
	err = cli_flush();
	if (err)
		return err;
	return worst == HEALTH_PASS   ? 0
	       : worst == HEALTH_WARN ? EXIT_WARN
				      : EXIT_HOST;
}

static const struct cli_option rows[] = {
	{"json", 0, NULL, NULL, "an object a line", .kind = CLI_FLAG},
	CLI_HELP,
};

const struct cli_command command_doctor = {
	.name = "doctor",
	.usage = "[--json]",
	.summary = "what this host offers, and how to get what it does not",
	.story = "Check the processor, KVM, the simulator, memory, disk, "
		 "display, terminal\n"
		 "and gdb. Each line is PASS, WARN (something works less well) "
		 "or FAIL, and\n"
		 "says what to do. Nothing is changed.\n",
	.after = "Exit status: 0 all passed, 1 warnings, 71 vmm cannot work "
		 "here.\n",
	CLI_OPTIONS(rows),
	.run = run_doctor,
};
