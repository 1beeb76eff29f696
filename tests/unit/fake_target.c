/* fake_target.c: see fake_target.h. */
#include "tests/unit/fake_target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fake_attach(void *t, const struct gdb_sink *sink)
{
	((struct fake_target *)t)->sink = *sink;
}

static void fake_detach(void *t, bool go_on)
{
}

static void fake_stopped(void *t, struct gdb_event *event)
{
	*event = (struct gdb_event){.signal = GDB_SIGTRAP, .id = {1, 1}};
}

static bool fake_thread(void *t, unsigned n, struct gdb_thread *thread)
{
	*thread = (struct gdb_thread){
		.id = {1 + n / 2, 1 + n}, .name = "a<b#$", .extra = "}*&\""};
	return n < 3 - (unsigned)((struct fake_target *)t)->gone;
}

static bool fake_alive(void *t, struct gdb_id id)
{
	const struct fake_target *f = t;

	return id.tid >= 1 && id.tid <= 3 - (unsigned)f->gone &&
	       id.pid == 1 + (id.tid - 1) / 2;
}

static bool fake_adopt(void *t, uint32_t pid, bool on)
{
	return pid == 2;
}

static const struct gdb_layout *fake_layout(void *t)
{
	static const struct gdb_layout layout = {59, 16, {6, 7, 16, 17, 18}};

	return &layout;
}

static const char *fake_describe(void *t, const char *annex)
{
	return strcmp(annex, "target.xml") ? NULL : "<target>#$}*</target>";
}

static const char *fake_exec_file(void *t, uint32_t pid)
{
	return pid == 1 ? "/k" : NULL;
}

static unsigned fake_reg_size(void *t, unsigned n)
{
	return n >= FAKE_REGS ? 0 : n == 17 ? 4 : n >= 40 ? 16 : 8;
}

static bool fake_read_reg(void *t, struct gdb_id id, unsigned n, uint8_t *buf)
{
	memcpy(buf, ((struct fake_target *)t)->reg[n], fake_reg_size(t, n));
	return id.tid != 2;
}

static bool fake_write_reg(void *t, struct gdb_id id, unsigned n,
			   const uint8_t *buf)
{
	memcpy(((struct fake_target *)t)->reg[n], buf, fake_reg_size(t, n));
	return true;
}

static bool fake_write_regs(void *t, struct gdb_id id, const uint8_t *buf,
			    size_t len)
{
	return len > 0 && buf[len - 1] != 1;
}

static uint64_t fake_read_mem(void *t, struct gdb_id id, uint64_t addr,
			      void *buf, uint64_t len)
{
	if (addr >= FAKE_MEMORY)
		return 0;
	if (len > FAKE_MEMORY - addr)
		len = FAKE_MEMORY - addr;
	memcpy(buf, ((struct fake_target *)t)->mem + addr, len);
	return len;
}

static bool fake_write_mem(void *t, struct gdb_id id, uint64_t addr,
			   const void *buf, uint64_t len)
{
	if (addr >= FAKE_MEMORY || len > FAKE_MEMORY - addr)
		return false;
	memcpy(((struct fake_target *)t)->mem + addr, buf, len);
	return true;
}

static int fake_set_point(void *t, const struct gdb_point *point,
			  bool (*wanted)(void *ctx, struct gdb_id id),
			  void *ctx)
{
	wanted(ctx, (struct gdb_id){1, 1});
	((struct fake_target *)t)->points++;
	return 0;
}

static int fake_remove_point(void *t, const struct gdb_point *point)
{
	if (!((struct fake_target *)t)->points)
		abort();
	return 0;
}

static bool fake_resume(void *t,
			struct gdb_action (*action)(void *ctx,
						    struct gdb_id id),
			void *ctx)
{
	struct fake_target *f = t;

	f->step = action(ctx, (struct gdb_id){1, 1}).step;
	f->running = f->step != GDB_STAY;
	return f->running;
}

static void fake_interrupt(void *t)
{
	struct fake_target *f = t;
	struct gdb_event event = {.signal = GDB_SIGINT,
				  .id = {1, 1},
				  .why = GDB_WHY_WRITE,
				  .note = "note\n"};

	if (!f->running)
		return;
	f->running = false;
	f->sink.event(f->sink.ctx, &event);
}

static bool fake_can_reverse(void *t)
{
	return true;
}

static bool fake_reverse(void *t, struct gdb_id id, bool step)
{
	((struct fake_target *)t)->running = true;
	return true;
}

static bool fake_restart(void *t, const char *program, const char *args)
{
	struct fake_target *f = t;

	if (program && strcmp(program, "k") != 0)
		return false;
	f->restarts++;
	snprintf(f->args, sizeof(f->args), "%s", args ? args : "(none)");
	return true;
}

static void fake_kill(void *t)
{
}

static void fake_monitor(void *t, struct gdb_id id, const char *line)
{
	struct fake_target *f = t;

	f->sink.text(f->sink.ctx, line, strlen(line));
}

const struct gdb_target_ops fake_target_ops = {
	.attach = fake_attach,
	.detach = fake_detach,
	.stopped = fake_stopped,
	.thread = fake_thread,
	.alive = fake_alive,
	.adopt = fake_adopt,
	.describe = fake_describe,
	.layout = fake_layout,
	.exec_file = fake_exec_file,
	.reg_size = fake_reg_size,
	.read_reg = fake_read_reg,
	.write_reg = fake_write_reg,
	.write_regs = fake_write_regs,
	.read_mem = fake_read_mem,
	.write_mem = fake_write_mem,
	.set_point = fake_set_point,
	.remove_point = fake_remove_point,
	.resume = fake_resume,
	.can_reverse = fake_can_reverse,
	.reverse = fake_reverse,
	.interrupt = fake_interrupt,
	.restart = fake_restart,
	.kill = fake_kill,
	.monitor = fake_monitor,
};
