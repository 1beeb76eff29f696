/*
 * tls.c: thread-local variables, as the x86-64 ABI has them ("variant II"):
 * their copy ends where the FS base points, at struct rt_task. The linker has
 * fixed their distances from there, and names the image (user.ld); only the
 * addresses of these symbols mean something.
 */
#include "guest-kernel/user/rt.h"

extern const uint8_t tls_image[], tls_image_size[], tls_size[], tls_align[];

#define SELF_ALIGN 16

_Static_assert(sizeof(struct rt_task) <= 128, "user.ld has that much room");

static uintptr_t align_up(uintptr_t value, uintptr_t align)
{
	return (value + align - 1) & -align;
}

struct rt_task *tls_make(void *area, const struct rt_task *task)
{
	uintptr_t align = (uintptr_t)tls_align;
	uintptr_t size = align_up((uintptr_t)tls_size, align);
	uintptr_t image = (uintptr_t)tls_image_size;
	uintptr_t base = align_up((uintptr_t)area + size,
				  align > SELF_ALIGN ? align : SELF_ALIGN);
	struct rt_task *self = (struct rt_task *)base;
	uint8_t *copy = (uint8_t *)base - size;

	memcpy(copy, tls_image, image);
	memset(copy + image, 0, size - image);
	*self = *task;
	self->self = self;
	return self;
}
