/* report.c: looks at a stopped machine, changes nothing. */
#include "shell/report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "devices/screen.h"
#include "vmm/log.h"

/* The CPUs' together: they are nothing but counters. */
static void all_stats(struct machine *m, struct vcpu_stats *sum)
{
	_Static_assert(sizeof(*sum) % sizeof(uint64_t) == 0, "counters");
	uint64_t *to = (uint64_t *)sum;

	memset(sum, 0, sizeof(*sum));
	for (unsigned i = 0; i < m->cpu_count; i++) {
		struct vcpu_stats s;
		const uint64_t *from = (const uint64_t *)&s;

		m->cpu[i]->ops->get_stats(m->cpu[i], &s);
		for (size_t k = 0; k < sizeof(s) / sizeof(*from); k++)
			to[k] += from[k];
	}
}

void report_general(struct machine *m)
{
	static const char *const names[GPR_COUNT] = {
		"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
		"r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
	struct x86_state s;

	m->cpu[m->turn.cpu]->ops->get_state(m->cpu[m->turn.cpu], &s);
	for (unsigned i = 0; i < GPR_COUNT; i += 4)
		log_warn("  %-3s %016" PRIx64 "  %-3s %016" PRIx64
			 "  %-3s %016" PRIx64 "  %-3s %016" PRIx64,
			 names[i], s.gpr[i], names[i + 1], s.gpr[i + 1],
			 names[i + 2], s.gpr[i + 2], names[i + 3],
			 s.gpr[i + 3]);
}

void report_stats(struct machine *m, uint64_t wall_ns)
{
	struct vcpu_stats s;
	double ms = wall_ns / 1e6;

	all_stats(m, &s);
	if (s.instructions)
		log_warn("instructions %" PRIu64 " in %.3f ms: %.1f MIPS",
			 s.instructions, ms, s.instructions / (ms * 1e3));
	else
		log_warn("instructions not counted by %s, in %.3f ms",
			 m->cpu[0]->ops->name, ms);
	log_warn("guest time %.3f ms, of it idle %.3f ms",
		 clock_now(&m->clock) / 1e6, m->clock.skipped_ns / 1e6);
	log_warn("ports: %" PRIu64 " reads, %" PRIu64 " writes; device memory: "
		 "%" PRIu64 " reads, %" PRIu64 " writes",
		 s.port_reads, s.port_writes, s.mmio_reads, s.mmio_writes);
	log_warn("interrupts %" PRIu64 ", exceptions %" PRIu64
		 ", halts %" PRIu64 ", kicks %" PRIu64 ", deadlines %" PRIu64
		 ", blocks %" PRIu64,
		 s.interrupts, s.exceptions, s.halts, s.kicks, s.deadlines,
		 s.blocks);
}

void report_summary(struct machine *m, const struct verdict *v,
		    uint64_t wall_ns, struct run_summary *summary)
{
	struct vcpu_stats stats;

	all_stats(m, &stats);
	summary->status = v->status;
	summary->exited = m->stop == STOP_EXIT;
	summary->exit_code = m->stop_code;
	summary->instructions = stats.instructions;
	summary->guest_ns = clock_now(&m->clock);
	summary->wall_ns = wall_ns;
	summary->hash = summary->want_hash ? machine_hash(m) : 0;
	snprintf(summary->text, sizeof(summary->text), "%s", v->text);
	summary->ended = true;
}

void report_hash(struct machine *m)
{
	log_warn("state hash %016" PRIx64, machine_hash(m));
}

static const struct {
	const char *end;
	int (*write)(FILE *out, const uint8_t *cells,
		     const struct vga_screen *screen);
} kinds[] = {{".txt", screen_write_text},
	     {".png", screen_write_png},
	     {".svg", screen_write_svg}};

static int kind_of(const char *path)
{
	size_t len = strlen(path);

	for (int i = 0; i < 3; i++)
		if (len > 4 && !strcmp(path + len - 4, kinds[i].end))
			return i;
	return -1;
}

bool report_can_screenshot(const char *path)
{
	return kind_of(path) >= 0;
}

int report_screenshot(const struct board *board, const char *path, FILE *out)
{
	uint8_t cells[2 * VGA_COLS_MAX * VGA_ROWS_MAX];
	struct vga_screen screen;
	int err;

	if (!out)
		return -EIO;
	vga_screen(board->vga, &screen);
	if (!guestmem_read(&board->machine->mem, screen.text_gpa, cells,
			   2 * (size_t)screen.cols * screen.rows))
		memset(cells, 0, sizeof(cells));
	err = kinds[kind_of(path)].write(out, cells, &screen);
	if (fclose(out) != 0 && !err)
		err = fail(-errno, "%s: cannot write: %s", path,
			   strerror(errno));
	return err;
}
