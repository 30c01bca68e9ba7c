/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fake - the kernel floor that only remembers: for tests without any privilege
 *
 * It keeps the rules that the model relies on: what is there twice is EEXIST, what is not there cannot be used, a failed plan
 * is taken back latest first. A "thing" is a line of text, so that a test can say what it expects in words.
 */
#include "fake_state.h"

#include <inttypes.h>
#include <stdio.h>

const struct kernel_paths kernel_paths_default = { "/run/netns", "/run/nsnetd", "/var/lib/nsnetd" };

int kernel_new(const struct kernel_paths *paths, struct kernel **ret, const char **reterr_what)
{
	struct kernel *kernel = calloc(1, sizeof(*kernel));

	(void)paths;
	(void)reterr_what;
	if (!kernel)
		abort();
	kernel->next_number = 4026531840;
	fake_set_uplink(kernel, "uplink0", 1500);
	kernel->fault.type = STEP_TYPES;
	*ret = kernel;
	return 0;
}

void kernel_free(struct kernel *kernel)
{
	if (!kernel)
		return;
	arena_done(&kernel->arena);
	free(kernel);
}

static size_t find_thing(const struct kernel *kernel, const char *thing)
{
	size_t i = 0;

	while (i < kernel->n_things && !streq(kernel->things[i], thing))
		i++;
	return i;
}

bool fake_has(const struct kernel *kernel, const char *thing)
{
	return find_thing(kernel, thing) < kernel->n_things;
}

void fake_plant(struct kernel *kernel, const char *thing)
{
	assert(kernel->n_things < THINGS_MAX);
	kernel->things[kernel->n_things++] = arena_strdup(&kernel->arena, thing);
}

void fake_remove(struct kernel *kernel, const char *thing)
{
	size_t i = find_thing(kernel, thing);

	if (i < kernel->n_things)
		kernel->things[i] = kernel->things[--kernel->n_things];
}

size_t fake_things(const struct kernel *kernel)
{
	return kernel->n_things;
}

size_t fake_steps(const struct kernel *kernel)
{
	return kernel->n_steps;
}

const char *fake_step(const struct kernel *kernel, size_t i)
{
	return kernel->steps[i];
}

void fake_clear(struct kernel *kernel)
{
	kernel->n_steps = 0;
	kernel->n_followed = 0;
}

unsigned fake_followed(const struct kernel *kernel)
{
	return kernel->n_followed;
}

void fake_fail_at(
	struct kernel *kernel, enum step_type type, unsigned skip, int error, const char *message)
{
	kernel->fault.type = type;
	kernel->fault.skip = skip;
	kernel->fault.error = error;
	kernel->fault.message = message;
}

void fake_add_prefix(struct kernel *kernel, const char *prefix, const char *interface)
{
	struct snapshot_prefix *item = &kernel->prefixes[kernel->n_prefixes++];

	assert(kernel->n_prefixes < lengthof(kernel->prefixes));
	if (!prefix_parse(prefix, &item->prefix))
		abort();
	item->interface = interface;
}

void fake_set_processes(struct kernel *kernel, size_t n)
{
	kernel->n_processes = n;
}

/* What a step does with its thing. */
enum effect {
	EFFECT_NONE,
	EFFECT_MAKES,    /* EEXIST where it is there */
	EFFECT_REPLACES, /* it is there from now on */
	EFFECT_SETS,     /* there is one of it, with a value */
	EFFECT_TAKES,
};

static enum effect effect_of(const struct kernel *kernel, const struct step *step)
{
	static const struct shape unshaped;

	/* The port stays guarded: by more addresses, or by less. */
	if ((step->type == STEP_GUARD_ADD || step->type == STEP_GUARD_DELETE) &&
		step->guard.is_extra)
		return EFFECT_NONE;
	switch (step->type) {
	case STEP_NETNS_ADD:
	case STEP_NETNS_PIN:
	case STEP_BRIDGE_ADD:
	case STEP_VETH_ADD:
	case STEP_POINT_ADD:
	case STEP_ADDRESS_ADD:
	case STEP_ROUTE_ADD:
		return EFFECT_MAKES;
	case STEP_SYSCTL_SET:
	case STEP_HOSTS_ADD:
	case STEP_HOSTS_SET:
	case STEP_ETC_ADD:
	case STEP_GUARD_ADD:
	case STEP_UPLINK_ADD:
	case STEP_PORT_ADD:
	case STEP_LINK_TAKE:
	case STEP_DNS_ADD:
	case STEP_RECORD_WRITE:
	case STEP_WISH_WRITE:
		return EFFECT_REPLACES;
	case STEP_FENCE_SET:
		return step->fence.after.is_set ? EFFECT_SETS : EFFECT_TAKES;
	case STEP_ISOLATED_SET:
		return step->isolated.after ? EFFECT_SETS : EFFECT_TAKES;
	case STEP_SHAPE_SET:
		return shape_is_equal(&step->shape.after, &unshaped) ? EFFECT_TAKES : EFFECT_SETS;
	case STEP_SETTING_SET: /* all of them are 0 at first */
		return streq(step->setting.value, "0") ? EFFECT_TAKES : EFFECT_SETS;
	case STEP_MTU_SET:
		return EFFECT_SETS;
	case STEP_GUARD_SHUT: /* it stays until the port is gone */
		return kernel->holds ? EFFECT_NONE : EFFECT_TAKES;
	case STEP_VETH_CUT:
		return EFFECT_TAKES;
	case STEP_NETNS_DROP:
	case STEP_NETNS_UNPIN:
	case STEP_BRIDGE_DELETE:
	case STEP_VETH_DELETE:
	case STEP_POINT_DELETE:
	case STEP_POINT_MEND:
	case STEP_POINT_MOVE:
	case STEP_BRIDGE_MEND:
	case STEP_VETH_MEND:
	case STEP_ADDRESS_DELETE:
	case STEP_ROUTE_DELETE:
	case STEP_SYSCTL_RESTORE:
	case STEP_HOSTS_DELETE:
	case STEP_HOSTS_CLEAR:
	case STEP_ETC_DELETE:
	case STEP_GUARD_DELETE:
	case STEP_UPLINK_DELETE:
	case STEP_PORT_DELETE:
	case STEP_LINK_GIVE:
	case STEP_DNS_DELETE:
	case STEP_RECORD_DELETE:
	case STEP_WISH_DELETE:
		return EFFECT_TAKES;
	case STEP_NETNS_TAKE:
	case STEP_NETNS_GIVE:
	case STEP_LINK_LABEL:
	case STEP_SETTING_READ:
	case STEP_VETH_SETTLE:
	case STEP_FLOWS_DELETE:
	case STEP_FIREWALL_RESET:
	case STEP_TYPES:
		break;
	}
	return EFFECT_NONE;
}

/* What stands behind the thing of a step that sets. */
static const char *value_of(struct kernel *kernel, const struct step *step)
{
	struct arena *arena = &kernel->arena;

	if (step->type == STEP_FENCE_SET)
		return arena_printf(arena, "%s%s",
			codec_enum_name(&nsnet_reach_enum, (int)step->fence.after.reach),
			step->fence.after.is_isolated ? " isolated" : "");
	if (step->type == STEP_MTU_SET)
		return arena_printf(arena, "%u", step->mtu.after);
	if (step->type == STEP_ISOLATED_SET)
		return step->isolated.after ? "on" : "off";
	if (step->type == STEP_SETTING_SET)
		return step->setting.value;
	return arena_printf(arena, "%" PRIu64 " %" PRIu64 " %u %u %u", step->shape.after.send_rate,
		step->shape.after.receive_rate, step->shape.after.delay, step->shape.after.jitter,
		step->shape.after.loss);
}

static void drop_all(struct kernel *kernel, const char *beginning)
{
	for (size_t i = kernel->n_things; i-- > 0;)
		if (after(kernel->things[i], beginning))
			kernel->things[i] = kernel->things[--kernel->n_things];
}

/* What hangs on a link of the host's goes with it. */
static void drop_link(struct kernel *kernel, const char *name)
{
	static const char *const things[] = { "mtu -", "isolated", "shape", "address -", "master",
		"inside", "way", "group" };

	fake_remove(kernel, arena_printf(&kernel->arena, "link %s", name));
	fake_remove(kernel, arena_printf(&kernel->arena, "astray %s", name));
	fake_remove(kernel, arena_printf(&kernel->arena, "cut %s", name));
	fake_remove(kernel, arena_printf(&kernel->arena, "route %s ::1/128", name));
	for (size_t i = 0; i < lengthof(things); i++)
		drop_all(kernel, arena_printf(&kernel->arena, "%s %s ", things[i], name));
}

/* All that hangs on the other end, too. Of a namespace that has another one as well the routes by that go with it. */
void fake_delete_link(struct kernel *kernel, const char *name)
{
	struct arena *arena = &kernel->arena;
	const char *inside = fake_find_rest(kernel, "inside", name);

	if (inside) {
		const char *netns = arena_strndup(arena, inside, strcspn(inside, " "));

		drop_all(kernel, arena_printf(arena, "address %s ", inside));
		drop_all(kernel, arena_printf(arena, "mtu %s ", inside));
		drop_all(kernel, arena_printf(arena, "route %s ", netns));
		fake_remove(kernel, arena_printf(arena, "peer %s %s", netns, name));
	}
	drop_link(kernel, name);
}

/* Links and addresses go with the namespace they are in. */
void fake_drop_namespace(struct kernel *kernel, const char *name)
{
	static const char *const things[] = { "owner", "address", "route", "setting", "mtu",
		"peer" };
	const char *peer = arena_printf(&kernel->arena, "peer %s ", name);

	fake_remove(kernel, arena_printf(&kernel->arena, "netns %s", name));
	for (size_t i = kernel->n_things; i-- > 0;) {
		const char *link = i < kernel->n_things ? after(kernel->things[i], peer) : NULL;

		if (link)
			drop_link(kernel, link);
	}
	for (size_t i = 0; i < lengthof(things); i++)
		drop_all(kernel, arena_printf(&kernel->arena, "%s %s ", things[i], name));
}

static void plant_mtu(struct kernel *kernel, const char *netns, const char *name, unsigned mtu)
{
	fake_plant(kernel, arena_printf(&kernel->arena, "mtu %s %s %u", netns, name, mtu));
}

static void plant_master(struct kernel *kernel, const char *name, const char *bridge)
{
	fake_plant(kernel, arena_printf(&kernel->arena, "master %s %s", name, bridge));
}

static void plant_link_local(struct kernel *kernel, const struct step *step)
{
	const struct prefix prefix = { address_link_local(&step->bridge.mac), 64 };
	char text[PREFIX_TEXT_MAX];
	const char *thing = arena_printf(
		&kernel->arena, "address - %s %s", step->bridge.name, prefix_format(&prefix, text));

	if (!fake_has(kernel, thing))
		fake_plant(kernel, thing);
}

/* The host's routes by a link that is no port. */
static void set_ways(struct kernel *kernel, const struct step *step)
{
	struct arena *arena = &kernel->arena;
	char text[ADDRESS_TEXT_MAX];

	drop_all(kernel, arena_printf(arena, "way %s ", step->point.name));
	drop_all(kernel, arena_printf(arena, "group %s ", step->point.name));
	drop_all(kernel, arena_printf(arena, "master %s ", step->point.name));
	fake_plant(kernel, arena_printf(arena, "group %s %u", step->point.name, step->point.group));
	for (size_t i = 0; i < FAMILIES; i++)
		if (address_is_set(&step->point.addresses[i]))
			fake_plant(
				kernel, arena_printf(arena, "way %s %s", step->point.name,
						address_format(&step->point.addresses[i], text)));
}

static void fill_in(struct kernel *kernel, const struct step *step)
{
	if (step->type == STEP_NETNS_ADD) {
		kernel->n_followed += step->facts.is_followed;
		*step->facts.ret_inode = kernel->next_number++;
		*step->facts.ret_cookie = kernel->next_number++;
		if (step->facts.is_owned)
			fake_plant(kernel, arena_printf(&kernel->arena, "owner %s %u", step->netns,
						   step->facts.uid));
	}
	if (step->type == STEP_BRIDGE_ADD) {
		*step->bridge.ret_index = fake_index_of(step->bridge.name);
		plant_mtu(kernel, "-", step->bridge.name, step->bridge.mtu);
		plant_mtu(kernel, "-", step->bridge.anchor, step->bridge.mtu);
		plant_master(kernel, step->bridge.anchor, step->bridge.name);
		plant_link_local(kernel, step);
	}
	if (step->type == STEP_POINT_ADD) {
		fake_plant(kernel,
			arena_printf(&kernel->arena, "peer %s %s", step->netns, step->point.name));
		plant_mtu(kernel, "-", step->point.name, step->point.mtu);
		plant_mtu(kernel, step->netns, step->point.peer, step->point.mtu);
		fake_plant(kernel, arena_printf(&kernel->arena, "inside %s %s %s", step->point.name,
					   step->netns, step->point.peer));
		set_ways(kernel, step);
	}
	if (step->type == STEP_VETH_ADD) {
		fake_plant(kernel,
			arena_printf(&kernel->arena, "peer %s %s", step->netns, step->veth.name));
		plant_mtu(kernel, "-", step->veth.name, step->veth.mtu);
		plant_master(kernel, step->veth.name, step->veth.bridge);
		plant_mtu(kernel, step->netns, step->veth.peer, step->veth.mtu);
		fake_plant(kernel, arena_printf(&kernel->arena, "inside %s %s %s", step->veth.name,
					   step->netns, step->veth.peer));
		if (step->veth.is_isolated)
			fake_plant(kernel,
				arena_printf(&kernel->arena, "isolated %s on", step->veth.name));
	}
}

static void make(
	struct kernel *kernel, const struct step *step, enum effect effect, const char *thing)
{
	if (step->type == STEP_FIREWALL_RESET) {
		static const char *const tables[] = { "guard ", "fence ", "uplink ", "port " };

		for (size_t i = 0; i < lengthof(tables); i++)
			drop_all(kernel, tables[i]);
	}
	/* One that is there is emptied. */
	if (step->type == STEP_HOSTS_ADD)
		drop_all(kernel, arena_printf(&kernel->arena, "%s ", thing));
	if (effect == EFFECT_SETS) {
		drop_all(kernel, arena_printf(&kernel->arena, "%s ", thing));
		thing = arena_printf(&kernel->arena, "%s %s", thing, value_of(kernel, step));
	}
	if (effect != EFFECT_NONE && !fake_has(kernel, thing))
		fake_plant(kernel, thing);
	fill_in(kernel, step);
}

static void plant_going(struct kernel *kernel, const char *name)
{
	const char *peer = arena_printf(&kernel->arena, "peer %s ", name);
	size_t n = kernel->n_things;

	for (size_t i = 0; i < n; i++) {
		const char *link = after(kernel->things[i], peer);

		if (link)
			fake_plant(kernel, arena_printf(&kernel->arena, "going %s", link));
	}
}

/* What hangs on a thing goes with it. */
static void take_away(struct kernel *kernel, const struct step *step, const char *thing)
{
	struct arena *arena = &kernel->arena;

	if (step->type == STEP_NETNS_DROP) {
		if (step->facts.ret_departure && kernel->holds)
			*step->facts.ret_departure = ++kernel->n_departures;
		if (kernel->holds)
			plant_going(kernel, step->netns);
		fake_drop_namespace(kernel, step->netns);
	}
	if (step->type == STEP_VETH_CUT) {
		if (step->cut.ret_is_cut)
			*step->cut.ret_is_cut = true;
		/* Of a start: nobody has dropped it. */
		fake_delete_link(kernel, step->cut.port);
	}
	if (step->type == STEP_BRIDGE_DELETE) {
		drop_link(kernel, step->bridge.name);
		drop_link(kernel, step->bridge.anchor);
	}
	if (step->type == STEP_VETH_DELETE || step->type == STEP_POINT_DELETE) {
		const char *name =
			step->type == STEP_VETH_DELETE ? step->veth.name : step->point.name;
		const char *inside = fake_find_rest(kernel, "inside", name);

		if (inside) {
			drop_all(kernel, arena_printf(arena, "mtu %s ", inside));
			drop_all(kernel, arena_printf(arena, "address %s ", inside));
			fake_remove(kernel, arena_printf(arena, "peer %.*s %s",
						    (int)strcspn(inside, " "), inside, name));
		}
		drop_link(kernel, name);
	}
	if (step->type == STEP_POINT_MEND || step->type == STEP_POINT_MOVE)
		set_ways(kernel, step);
	if (step->type == STEP_BRIDGE_MEND) {
		fake_remove(kernel, arena_printf(arena, "cut %s", step->bridge.anchor));
		plant_link_local(kernel, step);
	}
	drop_all(kernel, arena_printf(arena, "%s ", thing));
	fake_remove(kernel, thing);
}

static void read_setting(
	const struct kernel *kernel, const char *thing, char ret[SETTING_TEXT_SIZE])
{
	(void)snprintf(ret, SETTING_TEXT_SIZE, "0");
	for (size_t i = 0; i < kernel->n_things; i++) {
		const char *value = after(kernel->things[i], thing);

		if (value && *value == ' ')
			(void)snprintf(ret, SETTING_TEXT_SIZE, "%s", value + 1);
	}
}

static int carry_out(struct kernel *kernel, const struct step *step, const char *mark)
{
	const char *thing = fake_thing_of(kernel, step);
	bool is_there = thing && fake_has(kernel, thing);
	enum effect effect = effect_of(kernel, step);

	if (kernel->is_mortal && --kernel->steps_left < 0)
		return ESHUTDOWN;
	assert(kernel->n_steps < STEPS_MAX);
	kernel->steps[kernel->n_steps++] =
		arena_printf(&kernel->arena, "%s%s", mark, step_print(step, &kernel->arena));
	if (kernel->fault.type == step->type && kernel->fault.skip-- == 0) {
		kernel->fault.type = STEP_TYPES;
		kernel->n_steps--;
		return kernel->fault.error;
	}
	if (step->type == STEP_NETNS_TAKE)
		return fake_rename_namespace(kernel, step->spare.name, step->netns);
	if (step->type == STEP_NETNS_GIVE)
		return fake_rename_namespace(kernel, step->netns, step->spare.name);
	if (step->type == STEP_LINK_LABEL && !is_there)
		return ENODEV;
	if (effect == EFFECT_MAKES && is_there)
		return EEXIST;
	if ((step->type == STEP_SETTING_READ || step->type == STEP_SETTING_SET) &&
		step->setting.ret_before)
		read_setting(kernel, thing, step->setting.ret_before);
	if (effect != EFFECT_TAKES) {
		make(kernel, step, effect, thing);
		fake_note_step(kernel, step, thing);
	} else
		take_away(kernel, step, thing);
	return 0;
}

void fake_stop_after(struct kernel *kernel, int steps)
{
	kernel->is_mortal = steps >= 0;
	kernel->steps_left = steps;
}

bool fake_has_stopped(const struct kernel *kernel)
{
	return kernel->is_mortal && kernel->steps_left < 0;
}

int kernel_apply(struct kernel *kernel, const struct plan *plan, struct kernel_error *reterr)
{
	int failed = 0;

	for (size_t i = 0; i < plan->n; i++) {
		int error = 0;

		/* What is left is known by it. */
		if (!failed || plan->steps[i].type != STEP_RECORD_DELETE)
			error = carry_out(kernel, &plan->steps[i], "");
		if (error == 0 || (plan->is_again && step_was_done(&plan->steps[i], -error)))
			continue;
		if (!failed) {
			*reterr = (struct kernel_error){ .step = &plan->steps[i], .error = error };
			(void)snprintf(reterr->message, sizeof(reterr->message), "%s",
				kernel->fault.message ? kernel->fault.message : "");
		}
		failed = 1;
		if (plan->is_forward)
			continue;
		while (!fake_has_stopped(kernel) && i-- > 0) {
			struct step inverse;

			if (step_inverse(&plan->steps[i], &inverse))
				(void)carry_out(kernel, &inverse, "- ");
		}
		return 1;
	}
	return failed;
}
