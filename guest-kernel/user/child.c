/*
 * child.c: see child.h. A page of the child is filled while it is mapped at a
 * scratch address of ours, and then mapped where the child has it.
 */
#include "guest-kernel/user/child.h"

#include "guest-kernel/common/elf.h"
#include "guest-kernel/user/lock.h"
#include "guest-kernel/user/task.h"

#define PAGE	  UINT64_C(4096)

/* The child's addresses: its image is below. A guard page lies between. */
#define IMAGE_END UINT64_C(0x70000000)
#define STACK	  UINT64_C(0x80000000)
#define BUFFER	  (STACK + CHILD_STACK + PAGE)
#define INFO	  (BUFFER + PAGE)

/* ---- objects ---- */

static enum error more_grains(struct child *c)
{
	if (c->grains == CHILD_GRAINS)
		return ERR_NO_SLOT;
	if (!grain_take(&c->current))
		return ERR_NO_MEMORY;
	c->grain[c->grains++] = c->current.index;
	return ERR_OK;
}

/* One object of the child's, from the grain at hand or a new one. */
static enum error make(struct child *c, enum abi_object type, uint64_t size,
		       struct caddr *slot)
{
	enum error err = ERR_NO_MEMORY;

	if (c->grains > 0)
		err = grain_make(&c->current, type, size, 1, slot);
	if (err != ERR_NO_MEMORY && err != ERR_NO_SLOT)
		return err;
	err = more_grains(c);
	return err ? err : grain_make(&c->current, type, size, 1, slot);
}

static enum error make_table(struct space *space, enum abi_object type,
			     struct caddr *slot)
{
	struct child *c =
		(struct child *)((char *)space - offsetof(struct child, space));

	return make(c, type, 0, slot);
}

/* A frame of the child's; `fill` writes to it before the child has it. */
static enum error make_page(struct child *c, enum abi_object type, uint64_t va,
			    uint64_t rights,
			    void (*fill)(void *page, const void *what),
			    const void *what)
{
	struct caddr frame;
	enum error err = make(c, type, 0, &frame);

	if (err == ERR_OK && fill) {
		err = space_map(space_own(), frame, space_scratch(),
				RIGHT_READ | RIGHT_WRITE);
		if (err != ERR_OK)
			return err;
		fill((void *)space_scratch(), what);
		err = sys_page_unmap(frame);
	}
	return err ? err : space_map(&c->space, frame, va, rights);
}

/* ---- the image ---- */

struct piece {
	const uint8_t *from;
	size_t skip, len; /* where in the page, and how much */
};

static void fill_piece(void *page, const void *what)
{
	const struct piece *piece = what;

	memcpy((uint8_t *)page + piece->skip, piece->from, piece->len);
}

static enum error load_segment(struct child *c, const uint8_t *file,
			       const struct elf_segment *s)
{
	enum error err = ERR_OK;

	for (uint64_t va = s->va & -PAGE;
	     va < s->va + s->memory_size && err == ERR_OK; va += PAGE) {
		struct piece p = {.skip = va < s->va ? s->va - va : 0};
		uint64_t done = va + p.skip - s->va;

		p.len = PAGE - p.skip;
		p.from = file + s->offset + done;
		if (done >= s->file_size)
			p.len = 0;
		else if (p.len > s->file_size - done)
			p.len = s->file_size - done;
		err = make_page(c, OBJECT_RAW_PAGE, va,
				s->rights & ~RIGHT_GRANT,
				p.len ? fill_piece : NULL, &p);
	}
	return err;
}

static enum error load(struct child *c, const uint8_t *file,
		       const struct elf_image *image)
{
	enum error err = ERR_OK;

	for (unsigned i = 0; i < image->count && err == ERR_OK; i++)
		err = load_segment(c, file, &image->segment[i]);
	return err;
}

/* ---- what it finds ---- */

static enum error make_stack(struct child *c)
{
	enum error err = ERR_OK;

	for (uint64_t at = 0; at < CHILD_STACK && err == ERR_OK; at += PAGE)
		err = make_page(c, OBJECT_RAW_PAGE, STACK + at,
				RIGHT_READ | RIGHT_WRITE, NULL, NULL);
	return err;
}

static enum error give(struct child *c, unsigned slot, struct caddr cap,
		       uint64_t rights)
{
	return rights == RIGHT_ALL
		       ? sys_cpool_copy(c->pool, slot, cap)
		       : sys_cpool_mint(c->pool, slot, rights, 0, cap);
}

/* The first of its Untypeds is the main one. */
static enum error give_untyped(struct child *c, struct caddr cap,
			       uint64_t bytes, struct boot_info *info)
{
	unsigned n = info->untyped_count;
	unsigned slot =
		n == 0 ? BOOT_SLOT_UNTYPED : BOOT_SLOT_UNTYPED_MORE + n - 1;
	enum error err;

	if (n == BOOT_UNTYPEDS)
		return ERR_NO_SLOT;
	err = give(c, slot, cap, RIGHT_ALL);
	if (err == ERR_OK)
		info->untyped[info->untyped_count++] =
			(struct boot_untyped){.bytes = bytes, .slot = slot};
	return err;
}

static enum error give_memory(struct child *c, const struct child_options *o,
			      struct boot_info *info)
{
	enum error err = ERR_OK;

	if (o->memory.depth)
		err = give_untyped(c, o->memory, o->memory_bytes, info);
	for (unsigned n = o->grains; n > 0 && err == ERR_OK; n--) {
		err = more_grains(c);
		if (err != ERR_OK)
			break;
		err = give_untyped(c, grain_untyped(&c->current), GRAIN_BYTES,
				   info);
		c->current.used = GRAIN_SLOTS; /* it is the child's now */
	}
	return err;
}

static enum error fill_pool(struct child *c, const struct child_options *o)
{
	enum error err = give(c, BOOT_SLOT_CPOOL, c->pool, RIGHT_ALL);

	err = err ? err : give(c, BOOT_SLOT_PML4, c->space.pml4, RIGHT_ALL);
	err = err ? err : give(c, BOOT_SLOT_TASK, c->task, RIGHT_ALL);
	err = err ? err : give(c, BOOT_SLOT_DONE, c->done, RIGHT_WRITE);
	if (err == ERR_OK && o->channel.depth)
		err = give(c, BOOT_SLOT_CHANNEL, o->channel, RIGHT_ALL);
	for (unsigned i = 0; i < o->gift_count && err == ERR_OK; i++)
		err = sys_cpool_mint(c->pool, o->gifts[i].slot,
				     o->gifts[i].rights, o->gifts[i].badge,
				     o->gifts[i].cap);
	return err;
}

static void fill_info(void *page, const void *what)
{
	memcpy(page, what, sizeof(struct boot_info));
}

static enum error make_info(struct child *c, const struct elf_image *image,
			    const struct child_options *o)
{
	static struct boot_info info; /* large; rt_lock() is held */
	enum error err;

	info = (struct boot_info){
		.magic = BOOT_INFO_MAGIC,
		.abi_version = ABI_VERSION,
		.image_base = image->base,
		.image_end = image->end,
		.stack = STACK,
		.stack_bytes = CHILD_STACK,
		.buffer = BUFFER,
		.free_base = BOOT_FREE,
		.free_end = BOOT_FREE_END,
		.done_slot = BOOT_SLOT_DONE,
	};
	if (o->arguments)
		rt_snprintf(info.cmdline, sizeof(info.cmdline), "%s",
			    o->arguments);
	err = give_memory(c, o, &info);
	return err ? err
		   : make_page(c, OBJECT_RAW_PAGE, INFO, RIGHT_READ, fill_info,
			       &info);
}

static enum error make_task(struct child *c, const struct elf_image *image)
{
	struct task_setup setup = {
		.ip = image->entry,
		.sp = STACK + CHILD_STACK,
		.argument = INFO,
		.pool = c->pool,
		.table = c->space.pml4,
	};
	enum error err = make(c, OBJECT_TASK_BUFFER, 0, &setup.buffer);

	err = err ? err
		  : space_map(&c->space, setup.buffer, BUFFER,
			      RIGHT_READ | RIGHT_WRITE);
	err = err ? err : task_set_up(c->task, &setup, NULL);
	return err ? err : sys_task_set_fault_handler(c->task, 0, c->done);
}

/* ---- all together ---- */

static enum error make_all(struct child *c, const uint8_t *file,
			   const struct elf_image *image,
			   const struct child_options *o)
{
	enum error err;

	c->problem = "its objects";
	err = make(c, OBJECT_CPOOL, 0, &c->pool);
	err = err ? err : make(c, OBJECT_PML4, 0, &c->space.pml4);
	err = err ? err : make(c, OBJECT_TASK, 0, &c->task);
	err = err ? err : make(c, OBJECT_ENDPOINT, 0, &c->done);
	err = err ? err : make(c, OBJECT_REPLY, 0, &c->reply);
	if (err)
		return err;
	c->problem = "its image";
	err = load(c, file, image);
	if (err)
		return err;
	c->problem = "its stack";
	err = make_stack(c);
	if (err)
		return err;
	c->problem = "its capabilities";
	err = fill_pool(c, o);
	if (err)
		return err;
	c->problem = "its boot information";
	err = make_info(c, image, o);
	if (err)
		return err;
	c->problem = "its task";
	return make_task(c, image);
}

enum error child_make(struct child *c, const void *file, uint64_t size,
		      const struct child_options *options)
{
	struct elf_image image;
	enum error err;

	*c = (struct child){.space = {.make = make_table}};
	c->problem = elf_parse(file, size, IMAGE_END, &image);
	if (c->problem)
		return ERR_RANGE;
	rt_lock();
	err = make_all(c, file, &image, options);
	if (err != ERR_OK)
		child_destroy(c);
	rt_unlock();
	return err;
}

enum error child_go(struct child *c)
{
	return sys_task_set_active(c->task, 1);
}

bool child_join(struct child *c, int *result)
{
	return task_wait(c->done, c->reply, result);
}

/* The first grain has its task and its pool, so it stops before all else. */
void child_destroy(struct child *c)
{
	rt_lock();
	for (unsigned i = 0; i < c->grains; i++) {
		struct grain g = {.index = c->grain[i]};

		grain_give(&g);
	}
	c->grains = 0;
	rt_unlock();
}
