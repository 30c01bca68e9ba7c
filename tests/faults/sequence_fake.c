/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sequence_fake - random sequences over the fake kernel
 */
#include "recover.h"
#include "fake_state.h"
#include "sequence.h"

void sequence_enter(void)
{
}

int sequence_open(struct world **ret)
{
	void *state;

	if (world_open(&state) < 0)
		return -1;
	*ret = state;
	fake_add_prefix((*ret)->kernel, "192.168.7.0/24", "eth7");
	return 0;
}

void sequence_close(struct world *world)
{
	(void)world_close((void **)&world);
}

bool sequence_fail_at(struct world *world, enum step_type type, unsigned n)
{
	fake_fail_at(world->kernel, type, n, ENOBUFS, "no room");
	return true;
}

void sequence_fail_no_more(struct world *world)
{
	fake_fail_at(world->kernel, STEP_TYPES, 0, 0, NULL);
	fake_clear(world->kernel);
}

void sequence_restart(struct world *world)
{
	registry_done(&world->registry);
	fake_end(world->kernel);
	registry_init(&world->registry);
	if (recover_all(&world->context) < 0)
		abort();
}

bool sequence_reboot(struct world *world)
{
	struct kernel *kernel = world->kernel;

	for (size_t i = kernel->n_things; i-- > 0;)
		if (!after(kernel->things[i], "wish "))
			kernel->things[i] = kernel->things[--kernel->n_things];
	sequence_restart(world);
	return true;
}

static const char *const kinds[] = { "netns ", "pin ", "etc ", "record ", "wish ", "link ",
	"hosts ", "port ", "address ", "dns ", "lent " };

/* An address that the kernel gives a link by itself is not looked at. */
static bool is_of_kinds(const char *thing)
{
	if (strstr(thing, " fe80::"))
		return false;
	for (size_t i = 0; i < lengthof(kinds); i++)
		if (after(thing, kinds[i]))
			return true;
	return false;
}

static bool has(const struct sequence_things *things, const char *thing)
{
	for (size_t i = 0; i < things->n; i++)
		if (streq(things->items[i], thing))
			return true;
	return false;
}

const char *sequence_compare(struct world *world, const struct sequence_things *things)
{
	const struct kernel *kernel = world->kernel;
	size_t n = 0;

	for (size_t i = 0; i < kernel->n_things; i++) {
		if (!is_of_kinds(kernel->things[i]))
			continue;
		n++;
		if (!has(things, kernel->things[i]))
			return arena_printf(&world->arena, "\"%s\" is there", kernel->things[i]);
	}
	for (size_t i = 0; i < things->n; i++)
		if (!fake_has(kernel, things->items[i]))
			return arena_printf(&world->arena, "\"%s\" is not there", things->items[i]);
	return n == things->n ? NULL : "a thing is there twice";
}

/* Whatever their order. Lines of hosts files have another place after a restart; which there are is compared above. */
uint64_t sequence_sum(struct world *world, uint64_t expected)
{
	const struct kernel *kernel = world->kernel;
	uint64_t sum = 0;

	(void)expected;
	for (size_t i = 0; i < kernel->n_things; i++) {
		uint64_t number = 14695981039346656037U;

		if (after(kernel->things[i], "hosts "))
			continue;
		for (const char *p = kernel->things[i]; *p; p++)
			number = (number ^ (uint8_t)*p) * 1099511628211U;
		sum += number ^ number >> 29;
	}
	return sum;
}

const char *sequence_picture(struct world *world)
{
	return fake_picture(world->kernel, &world->arena);
}
