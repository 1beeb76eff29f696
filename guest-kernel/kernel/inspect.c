/* inspect.c: the table of abi/inspect.h, as the compiler laid it all out. */
#include "guest-kernel/abi/inspect.h"

#include "guest-kernel/arch/x86_64/cpu.h"
#include "guest-kernel/kernel/kernel.h"

#define FIELD_OF(name, type, member) \
	{offsetof(type, member), sizeof(((type *)0)->member)},
#define SIZE_OF(name, type) sizeof(type),

extern const char kernel_end[];

/* An ELF note. Four-byte aligned, as the notes before it. */
struct note {
	uint32_t name_len, desc_len, type;
	char name[4];
	struct inspect_head head;
	struct inspect_field field[INSPECT_FIELD_COUNT];
	uint32_t size[INSPECT_SIZE_COUNT];
} __attribute__((packed, aligned(4)));

extern const struct note inspect_note;

const struct note inspect_note
	__attribute__((section(".note.vmm"), aligned(4), used)) = {
		.name_len = 4,
		.desc_len = sizeof(struct note) - offsetof(struct note, head),
		.type = INSPECT_NOTE_TYPE,
		.name = INSPECT_NOTE_NAME,
		.head =
			{
				.magic = INSPECT_MAGIC,
				.version = INSPECT_VERSION,
				.abi_version = ABI_VERSION,
				.field_count = INSPECT_FIELD_COUNT,
				.size_count = INSPECT_SIZE_COUNT,
				.kernel = (uint64_t)&kernel,
				.image_offset = KERNEL_VMA,
				.image_end = (uint64_t)kernel_end,
				.direct_map = DIRECT_MAP,
				.direct_map_bytes = DIRECT_MAP_SIZE,
				.irqs = IRQS,
				.spaces = SPACES,
			},
		.field = {INSPECT_FIELDS(FIELD_OF)},
		.size = {INSPECT_SIZES(SIZE_OF)},
};
