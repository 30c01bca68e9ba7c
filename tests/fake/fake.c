/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fake - the kernel floor that only remembers: for tests without any privilege
 *
 * It keeps the rules that the model relies on: what is there twice is EEXIST, what is not there cannot be used, a failed plan
 * is taken back latest first. A "thing" is a line of text, so that a test can say what it expects in words.
 */
#include "fake.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

#define THINGS_MAX 16384U
#define STEPS_MAX  65536U

struct kernel {
	struct arena arena;
	char *things[THINGS_MAX];
	size_t n_things;
	const char *steps[STEPS_MAX];
	size_t n_steps;
	struct snapshot_prefix prefixes[64];
	size_t n_prefixes;
	size_t n_processes;
	struct snapshot_uplink uplink;
	uint16_t listening;
	int64_t next_number;
	struct {
		enum step_type type;
		unsigned skip;
		int error;
		const char *message;
	} fault;
};

const struct kernel_paths kernel_paths_default = { "/run/netns", "/run/nsnetd" };

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

/* The line of what a step makes or takes away; NULL: it does neither. */
static const char *thing_of(struct kernel *kernel, const struct step *step)
{
	char text[PREFIX_TEXT_MAX], other[ADDRESS_TEXT_MAX];
	struct arena *arena = &kernel->arena;

	switch (step->type) {
	case STEP_NETNS_ADD:
	case STEP_NETNS_DROP:
		return arena_printf(arena, "netns %s", step->netns);
	case STEP_NETNS_PIN:
	case STEP_NETNS_UNPIN:
		return arena_printf(arena, "pin %s", step->netns);
	case STEP_BRIDGE_ADD:
	case STEP_BRIDGE_DELETE:
		return arena_printf(arena, "link %s", step->bridge.name);
	case STEP_VETH_ADD:
	case STEP_VETH_DELETE:
		return arena_printf(arena, "link %s", step->veth.name);
	case STEP_ADDRESS_ADD:
	case STEP_ADDRESS_DELETE:
		return arena_printf(arena, "address %s %s %s", step->netns ? step->netns : "-",
			step->address.interface, prefix_format(&step->address.address, text));
	case STEP_ROUTE_ADD:
	case STEP_ROUTE_DELETE:
		return arena_printf(arena, "route %s %s", step->netns,
			prefix_format(&step->route.destination, text));
	case STEP_SYSCTL_SET:
	case STEP_SYSCTL_RESTORE:
		return arena_printf(arena, "kept %s", step->sysctl.key);
	case STEP_HOSTS_ADD:
	case STEP_HOSTS_DELETE:
		return arena_printf(arena, "hosts %s", step->hosts.network);
	case STEP_HOSTS_SET:
	case STEP_HOSTS_CLEAR:
		return arena_printf(arena, "hosts %s %u", step->hosts.network, step->hosts.slot);
	case STEP_ETC_ADD:
	case STEP_ETC_DELETE:
		return arena_printf(arena, "etc %s", step->netns);
	case STEP_GUARD_ADD:
	case STEP_GUARD_DELETE:
		return arena_printf(arena, "guard %s", step->guard.port);
	case STEP_RECORD_WRITE:
	case STEP_RECORD_DELETE:
		return arena_printf(arena, "record %s/%s",
			step->record.kind == RECORD_NAMESPACE ? "namespaces" : "networks",
			step->record.name);
	case STEP_FENCE_SET:
		return arena_printf(arena, "fence %s", step->fence.bridge);
	case STEP_UPLINK_ADD:
	case STEP_UPLINK_DELETE:
		return arena_printf(arena, "uplink %s", step->uplink.interface);
	case STEP_PORT_ADD:
	case STEP_PORT_DELETE:
		return arena_printf(arena, "port %s %s %u %s %u",
			codec_enum_name(&nsnet_protocol_enum, (int)step->port.protocol),
			address_format(&step->port.host, text), step->port.host_port,
			address_format(&step->port.target, other), step->port.namespace_port);
	case STEP_LINK_TAKE:
	case STEP_LINK_GIVE:
		return arena_printf(arena, "lent %s %s", step->netns, step->link.interface);
	case STEP_DNS_ADD:
	case STEP_DNS_DELETE:
		return arena_printf(arena, "dns %s", step->dns.network);
	case STEP_MTU_SET:
		return arena_printf(
			arena, "mtu %s %s", step->netns ? step->netns : "-", step->mtu.interface);
	case STEP_ISOLATED_SET:
		return arena_printf(arena, "isolated %s", step->isolated.port);
	case STEP_SHAPE_SET:
		return arena_printf(arena, "shape %s", step->shape.port);
	case STEP_SETTING_SET:
		return arena_printf(arena, "setting %s %s", step->netns, step->setting.key);
	case STEP_FLOWS_DELETE:
	case STEP_FIREWALL_RESET:
	case STEP_VETH_SETTLE:
	case STEP_TYPES:
		break;
	}
	return NULL;
}

/* What a step does with its thing. */
enum effect {
	EFFECT_NONE,
	EFFECT_MAKES,    /* EEXIST where it is there */
	EFFECT_REPLACES, /* it is there from now on */
	EFFECT_SETS,     /* there is one of it, with a value */
	EFFECT_TAKES,
};

static enum effect effect_of(const struct step *step)
{
	switch (step->type) {
	case STEP_NETNS_ADD:
	case STEP_NETNS_PIN:
	case STEP_BRIDGE_ADD:
	case STEP_VETH_ADD:
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
		return EFFECT_REPLACES;
	case STEP_FENCE_SET:
		return step->fence.after.is_set ? EFFECT_SETS : EFFECT_TAKES;
	case STEP_MTU_SET:
	case STEP_ISOLATED_SET:
	case STEP_SHAPE_SET:
	case STEP_SETTING_SET:
		return EFFECT_SETS;
	case STEP_NETNS_DROP:
	case STEP_NETNS_UNPIN:
	case STEP_BRIDGE_DELETE:
	case STEP_VETH_DELETE:
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
		return EFFECT_TAKES;
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

/* Links and addresses go with the namespace they are in. */
static void drop_namespace(struct kernel *kernel, const char *name)
{
	const char *peer = arena_printf(&kernel->arena, "peer %s ", name);

	fake_remove(kernel, arena_printf(&kernel->arena, "netns %s", name));
	for (size_t i = kernel->n_things; i-- > 0;) {
		const char *link = after(kernel->things[i], peer);

		if (link)
			fake_remove(kernel, arena_printf(&kernel->arena, "link %s", link));
	}
	drop_all(kernel, arena_printf(&kernel->arena, "owner %s ", name));
	drop_all(kernel, arena_printf(&kernel->arena, "address %s ", name));
	drop_all(kernel, arena_printf(&kernel->arena, "route %s ", name));
	drop_all(kernel, arena_printf(&kernel->arena, "setting %s ", name));
	drop_all(kernel, arena_printf(&kernel->arena, "mtu %s ", name));
	drop_all(kernel, peer);
}

static void fill_in(struct kernel *kernel, const struct step *step)
{
	if (step->type == STEP_NETNS_ADD) {
		*step->facts.ret_inode = kernel->next_number++;
		*step->facts.ret_cookie = kernel->next_number++;
		if (step->facts.is_owned)
			fake_plant(kernel, arena_printf(&kernel->arena, "owner %s %u", step->netns,
						   step->facts.uid));
	}
	if (step->type == STEP_SETTING_SET && step->setting.ret_before)
		(void)snprintf(step->setting.ret_before, SETTING_TEXT_SIZE, "0");
	if (step->type == STEP_BRIDGE_ADD)
		*step->bridge.ret_index = kernel->next_number++;
	if (step->type == STEP_VETH_ADD)
		fake_plant(kernel,
			arena_printf(&kernel->arena, "peer %s %s", step->netns, step->veth.name));
}

static void make(
	struct kernel *kernel, const struct step *step, enum effect effect, const char *thing)
{
	if (step->type == STEP_FIREWALL_RESET) {
		static const char *const tables[] = { "guard ", "fence ", "uplink ", "port " };

		for (size_t i = 0; i < lengthof(tables); i++)
			drop_all(kernel, tables[i]);
	}
	if (effect == EFFECT_SETS) {
		drop_all(kernel, arena_printf(&kernel->arena, "%s ", thing));
		thing = arena_printf(&kernel->arena, "%s %s", thing, value_of(kernel, step));
	}
	if (effect != EFFECT_NONE && !fake_has(kernel, thing))
		fake_plant(kernel, thing);
	fill_in(kernel, step);
}

/* What hangs on a thing goes with it. */
static void take_away(struct kernel *kernel, const struct step *step, const char *thing)
{
	struct arena *arena = &kernel->arena;

	if (step->type == STEP_NETNS_DROP)
		drop_namespace(kernel, step->netns);
	if (step->type == STEP_BRIDGE_DELETE) {
		drop_all(kernel, arena_printf(arena, "address - %s ", step->bridge.name));
		drop_all(kernel, arena_printf(arena, "mtu - %s ", step->bridge.name));
	}
	if (step->type == STEP_VETH_DELETE)
		drop_all(kernel, arena_printf(arena, "shape %s ", step->veth.name));
	drop_all(kernel, arena_printf(arena, "%s ", thing));
	fake_remove(kernel, thing);
}

static int carry_out(struct kernel *kernel, const struct step *step, const char *mark)
{
	const char *thing = thing_of(kernel, step);
	bool is_there = thing && fake_has(kernel, thing);
	enum effect effect = effect_of(step);

	assert(kernel->n_steps < STEPS_MAX);
	kernel->steps[kernel->n_steps++] =
		arena_printf(&kernel->arena, "%s%s", mark, step_print(step, &kernel->arena));
	if (kernel->fault.type == step->type && kernel->fault.skip-- == 0) {
		kernel->fault.type = STEP_TYPES;
		kernel->n_steps--;
		return kernel->fault.error;
	}
	if (effect == EFFECT_MAKES && is_there)
		return EEXIST;
	if (effect != EFFECT_TAKES)
		make(kernel, step, effect, thing);
	else
		take_away(kernel, step, thing);
	return 0;
}

int kernel_apply(struct kernel *kernel, const struct plan *plan, struct kernel_error *reterr)
{
	int failed = 0;

	for (size_t i = 0; i < plan->n; i++) {
		int error = carry_out(kernel, &plan->steps[i], "");

		if (error == 0)
			continue;
		if (!failed) {
			*reterr = (struct kernel_error){ .step = &plan->steps[i], .error = error };
			(void)snprintf(reterr->message, sizeof(reterr->message), "%s",
				kernel->fault.message ? kernel->fault.message : "");
		}
		failed = 1;
		if (plan->is_forward)
			continue;
		while (i-- > 0) {
			struct step inverse;

			if (step_inverse(&plan->steps[i], &inverse))
				(void)carry_out(kernel, &inverse, "- ");
		}
		return 1;
	}
	return failed;
}

int kernel_snapshot(struct kernel *kernel, struct arena *arena, struct snapshot *ret)
{
	(void)kernel;
	(void)arena;
	*ret = (struct snapshot){ 0 };
	return 0;
}

int kernel_adopt(struct kernel *kernel, const char *netns)
{
	return fake_has(kernel, arena_printf(&kernel->arena, "netns %s", netns)) ? 0 : -ENOENT;
}

int kernel_prefixes(struct kernel *kernel, struct arena *arena, struct snapshot_prefixes *ret)
{
	(void)arena;
	*ret = (struct snapshot_prefixes){ kernel->prefixes, kernel->n_prefixes };
	return 0;
}

void fake_set_uplink(struct kernel *kernel, const char *name, unsigned mtu)
{
	kernel->uplink = (struct snapshot_uplink){ .name = name, .mtu = mtu };
}

int kernel_uplinks(struct kernel *kernel, struct arena *arena, struct snapshot_uplinks *ret)
{
	(void)arena;
	*ret = (struct snapshot_uplinks){ &kernel->uplink, kernel->uplink.name ? 1 : 0 };
	return 0;
}

bool kernel_may_bypass(struct kernel *kernel)
{
	(void)kernel;
	return false;
}

int kernel_events(struct kernel *kernel)
{
	(void)kernel;
	return -EBADF;
}

int kernel_read_events(struct kernel *kernel, unsigned *ret)
{
	(void)kernel;
	*ret = 0;
	return 0;
}

void fake_listen(struct kernel *kernel, uint16_t port)
{
	kernel->listening = port;
}

int kernel_is_listening(struct kernel *kernel, enum nsnet_protocol protocol,
	const struct address *host, uint16_t port)
{
	(void)protocol;
	(void)host;
	return kernel->listening != 0 && kernel->listening == port;
}

/* A link of the host's is planted as "host wg0". */
int kernel_find_link(struct kernel *kernel, const char *interface, struct arena *arena,
	struct string_list *ret_addresses)
{
	*ret_addresses = (struct string_list){ arena_array(arena, 1, sizeof(const char *)), 1 };
	ret_addresses->items[0] = "192.0.2.7/24";
	return fake_has(kernel, arena_printf(arena, "host %s", interface)) ? 0 : -ENODEV;
}

int kernel_kept(struct kernel *kernel, struct arena *arena, struct string_list *ret)
{
	*ret = (struct string_list){ arena_array(arena, kernel->n_things, sizeof(const char *)),
		0 };
	for (size_t i = 0; i < kernel->n_things; i++) {
		const char *key = after(kernel->things[i], "kept ");

		if (key)
			ret->items[ret->n++] = arena_strdup(arena, key);
	}
	return 0;
}

int kernel_open_netns(struct kernel *kernel, const char *netns)
{
	int fd;

	if (!fake_has(kernel, arena_printf(&kernel->arena, "netns %s", netns)))
		return -ENOENT;
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return fd < 0 ? neg() : fd;
}

int kernel_owner(struct kernel *kernel, const char *netns, uid_t *ret)
{
	const char *beginning = arena_printf(&kernel->arena, "owner %s ", netns);

	if (!fake_has(kernel, arena_printf(&kernel->arena, "netns %s", netns)))
		return -ENOENT;
	for (size_t i = 0; i < kernel->n_things; i++) {
		const char *uid = after(kernel->things[i], beginning);

		if (uid) {
			*ret = (uid_t)strtoul(uid, NULL, 10);
			return 0;
		}
	}
	return -ENOTTY;
}

int kernel_open_users(struct kernel *kernel, const char *netns, int *ret_user, int *ret_root)
{
	uid_t uid;
	int r = kernel_owner(kernel, netns, &uid);

	if (r < 0)
		return r;
	*ret_user = open("/dev/null", O_RDONLY | O_CLOEXEC);
	*ret_root = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return *ret_user < 0 || *ret_root < 0 ? neg() : 0;
}

int kernel_inspect(struct kernel *kernel, const char *netns, struct arena *arena,
	struct nsnet_interface_list *ret_interfaces, struct nsnet_route_list *ret_routes)
{
	const char *prefix = arena_printf(arena, "address %s ", netns);

	*ret_interfaces = (struct nsnet_interface_list){
		arena_array(arena, kernel->n_things, sizeof(struct nsnet_interface)), 0
	};
	*ret_routes = (struct nsnet_route_list){ arena_alloc(arena, 1), 0 };
	for (size_t i = 0; i < kernel->n_things; i++) {
		const char *rest = after(kernel->things[i], prefix);

		if (rest)
			ret_interfaces->items[ret_interfaces->n++] = (struct nsnet_interface){
				.name = arena_strndup(arena, rest, strcspn(rest, " ")),
				.operational_state = "up",
			};
	}
	return 0;
}

int kernel_processes(struct kernel *kernel, const int64_t *inodes, size_t n, struct arena *arena,
	struct nsnet_process_id_list *ret)
{
	(void)inodes;
	for (size_t i = 0; i < n; i++) {
		ret[i].n = kernel->n_processes;
		ret[i].items = arena_array(arena, ret[i].n, sizeof(*ret[i].items));
		for (size_t j = 0; j < ret[i].n; j++)
			ret[i].items[j].pid = (int64_t)(1000 + j);
	}
	return 0;
}

int kernel_kill(struct kernel *kernel, int64_t inode)
{
	(void)inode;
	kernel->n_processes = 0;
	return 0;
}

int kernel_reap(struct kernel *kernel)
{
	(void)kernel;
	return 0;
}

static const char *const features[] = { "forwarding4", "forwarding6", "guard", "owned", "nat",
	"ports", "rate", "netem" };

bool kernel_has(struct kernel *kernel, const char *feature)
{
	(void)kernel;
	for (size_t i = 0; i < lengthof(features); i++)
		if (streq(feature, features[i]))
			return true;
	return false;
}

void kernel_features(struct kernel *kernel, struct arena *arena, struct string_list *ret)
{
	(void)kernel;
	*ret = (struct string_list){ arena_array(arena, lengthof(features), sizeof(*features)),
		lengthof(features) };
	memcpy(ret->items, features, sizeof(features));
}
