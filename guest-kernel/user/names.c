/* names.c: the ABI's numbers as words for people, from its own lists. */
#include "guest-kernel/user/rt.h"

static const struct {
	const char *name, *text;
} errors[] = {
#define ERROR_ROW(name, number, text) [number] = {#name, text},
	ABI_ERRORS(ERROR_ROW)
#undef ERROR_ROW
};

static const char *const objects[] = {
#define OBJECT_ROW(name, number, text) [number] = #name,
	ABI_OBJECTS(OBJECT_ROW)
#undef OBJECT_ROW
};

_Static_assert(sizeof(errors) / sizeof(errors[0]) == ERR_COUNT, "ABI");
_Static_assert(sizeof(objects) / sizeof(objects[0]) == OBJECT_COUNT, "ABI");

const char *error_name(enum error error)
{
	return (unsigned)error < ERR_COUNT ? errors[error].name : "?";
}

const char *error_text(enum error error)
{
	return (unsigned)error < ERR_COUNT ? errors[error].text
					   : "an error without a name";
}

const char *object_name(uint64_t type)
{
	return type < OBJECT_COUNT ? objects[type] : "?";
}
