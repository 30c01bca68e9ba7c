/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * firewall_world - our tables in the sandbox: with and without an owner, fences and ports in them, and what nft(8) says
 */
#include "firewall_world.h"

#include "state.h"

int world_set_up_old(void **state)
{
	struct kernel *kernel = sandbox_kernel();

	kernel->has_persist = false;
	*state = kernel;
	return 0;
}

int world_tear_down(void **state)
{
	/* What belongs to the kernel floor is nobody's afterwards. */
	kernel_free(*state);
	return sandbox_does("nft flush ruleset") ? 0 : -1;
}

void world_restart(void **state)
{
	bool has_persist = ((struct kernel *)*state)->has_persist;

	kernel_free(*state);
	*state = sandbox_kernel();
	((struct kernel *)*state)->has_persist &= has_persist;
}

const char *world_ruleset(struct arena *arena)
{
	return sandbox_run(arena, NULL, "nft list ruleset");
}

void world_holds(const char *set, const char *elements)
{
	autoarena struct arena arena = ARENA_INIT;
	const char *output = sandbox_run(&arena, NULL,
		"nft list ruleset | sed -n '/\\(set\\|map\\) %s {/,/}$/p' | tr -d '\\n\\t' | "
		"grep -o 'elements = {.*}' | sed 's/elements = { //; s/ }.*//; s/  */ /g'",
		set);

	if (!streq(arena_printf(&arena, "%.*s", (int)strcspn(output, "\n"), output), elements))
		fail_msg("%s holds %s, not %s", set, output, elements);
}

struct fence world_fence(enum nsnet_reach reach, const char *gateway4, const char *gateway6)
{
	struct fence fence = { .is_set = true, .reach = reach };

	if (gateway4)
		fence.gateways[0] = sandbox_address(gateway4);
	if (gateway6)
		fence.gateways[1] = sandbox_address(gateway6);
	return fence;
}

const struct fence world_no_fence = { .is_set = false };

void world_set_fence(struct kernel *kernel, const char *bridge, const struct fence *before,
	const struct fence *after)
{
	sandbox_do(kernel,
		&(struct step){ .type = STEP_FENCE_SET, .fence = { bridge, *before, *after } });
}

void world_make_fence(struct kernel *kernel)
{
	const struct fence nat = world_fence(NSNET_REACH_NAT, "10.99.0.1", "fd99::1");

	world_set_fence(kernel, "nsnet0", &world_no_fence, &nat);
}

struct step world_port(
	enum step_type type, const char *host, uint16_t host_port, const char *target)
{
	return (struct step){ .type = type,
		.port = {
			.protocol = NSNET_PROTOCOL_TCP,
			.host = sandbox_address(host),
			.target = sandbox_address(target),
			.host_port = host_port,
			.namespace_port = 80,
		} };
}

void world_set_port(struct kernel *kernel, enum step_type type, const char *host,
	uint16_t host_port, const char *target)
{
	const struct step step = world_port(type, host, host_port, target);

	sandbox_do(kernel, &step);
}
