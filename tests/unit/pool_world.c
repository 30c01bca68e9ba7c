/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pool_world - the daemon's methods with namespaces made ahead
 */
#include "pool_world.h"

#include "refill.h"

int pool_open(void **state)
{
	int r = world_open(state);

	if (r == 0)
		((struct world *)*state)->context.spares = (struct pool){ .size = 8, .total = 64 };
	return r;
}

/* Until it asks for a later time. */
void pool_fill(struct world *world)
{
	for (int i = 0; i < 1000; i++)
		if (refill_work(&world->context) > 0)
			return;
	fail_msg("it never ends");
}

size_t pool_spares(const struct world *world)
{
	return pool_count(&world->context.spares, NULL);
}

const char *pool_create(struct world *world, const char *parameters)
{
	const char *text = world_ask(world, "CreateNamespace", parameters);

	assert_has(text, "\"runtime\"");
	return text;
}

/* One namespace, and so many spares besides. */
void pool_begin(struct world *world, size_t n)
{
	(void)pool_create(world, CREATE("first"));
	pool_fill(world);
	assert_int_equal(pool_spares(world), n);
	fake_clear(world->kernel);
}

bool pool_did(const struct world *world, const char *step)
{
	for (size_t i = 0; i < fake_steps(world->kernel); i++)
		if (strstr(fake_step(world->kernel, i), step))
			return true;
	return false;
}

/* What was done for the last request is just what is done with a spare. */
void pool_assert_taken(const struct world *world)
{
	assert_true(pool_did(world, "# rename %"));
	assert_false(pool_did(world, "unshare"));
	assert_false(pool_did(world, "ip link add"));
}

void pool_assert_cold(const struct world *world)
{
	assert_true(pool_did(world, "unshare"));
	assert_false(pool_did(world, "# rename %"));
}
