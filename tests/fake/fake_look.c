/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fake_look - what the fake kernel floor tells of the host and of what is there
 */
#include <fcntl.h>

#include "fake_state.h"

int kernel_adopt(struct kernel *kernel, const char *netns)
{
	return fake_has(kernel, arena_printf(&kernel->arena, "netns %s", netns)) ? 0 : -ENOENT;
}

void kernel_adopt_end(unused struct kernel *kernel, unused const char *netns, unused int index)
{
}

void kernel_know_firewall(unused struct kernel *kernel)
{
}

void kernel_forget_firewall(unused struct kernel *kernel)
{
}

/* Those of a new machine where "neighbours" is planted, whatever they have been set to. */
int kernel_neighbour_limits(struct kernel *kernel, int family, int ret[KERNEL_NEIGHBOUR_LIMITS])
{
	static const int limits[KERNEL_NEIGHBOUR_LIMITS] = { 128, 512, 1024 };

	(void)family;
	if (!fake_has(kernel, "neighbours"))
		return -ENOENT;
	memcpy(ret, limits, sizeof(limits));
	return 0;
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

int kernel_may_bypass(struct kernel *kernel)
{
	(void)kernel;
	return 0;
}

int kernel_events(struct kernel *kernel)
{
	(void)kernel;
	return -EBADF;
}

int kernel_read_events(struct kernel *kernel, struct kernel_changes *changes)
{
	(void)kernel;
	(void)changes;
	return 0;
}

int fake_index_of(const char *name)
{
	unsigned number = 5381;

	while (*name)
		number = number * 33 + (unsigned char)*name++;
	return (int)(number & INT32_MAX);
}

static bool has(struct kernel *kernel, const char *what, const char *name)
{
	return fake_has(kernel, arena_printf(&kernel->arena, "%s %s", what, name));
}

const char *fake_find_rest(struct kernel *kernel, const char *what, const char *name)
{
	const char *beginning = arena_printf(&kernel->arena, "%s %s ", what, name);

	for (size_t i = 0; i < kernel->n_things; i++)
		if (after(kernel->things[i], beginning))
			return after(kernel->things[i], beginning);
	return NULL;
}

int kernel_look_link(struct kernel *kernel, const char *name, struct snapshot_link *ret)
{
	const char *master = fake_find_rest(kernel, "master", name);
	bool is_astray = has(kernel, "astray", name);
	const char *group;

	/* An anchor is a thing of its bridge. */
	if ((!has(kernel, "link", name) && !master) || strlen(name) >= INTERFACE_SIZE)
		return -ENODEV;
	group = fake_find_rest(kernel, "group", name);
	*ret = (struct snapshot_link){
		.index = fake_index_of(name),
		.group = group ? (uint32_t)strtoul(group, NULL, 10) : SNAPSHOT_LINK_GROUP,
		.master = master && !is_astray ? fake_index_of(master) : 0,
		.alias = "",
		.is_up = !is_astray,
		.is_forwarding = true,
		.has_carrier = !has(kernel, "cut", name),
	};
	memcpy(ret->name, name, strlen(name) + 1);
	return 0;
}

static bool read_route(
	struct arena *arena, const char *interface, const char *text, struct snapshot_route *ret)
{
	size_t n = strcspn(interface, " ");

	ret->interface = fake_index_of(arena_strndup(arena, interface, n));
	return prefix_parse(text, &ret->prefix);
}

static struct prefix network_of(const struct prefix *address)
{
	struct prefix network = *address;

	for (unsigned bit = network.length; bit < address_bits(&network.address); bit++)
		network.address.bytes[bit / 8] &= (uint8_t) ~(0x80U >> bit % 8);
	return network;
}

/* With an address there is the route that the kernel makes, unless "unrouted 192.0.2.0/24" is planted. */
int kernel_look_routes(struct kernel *kernel, struct arena *arena, struct snapshot_routes *ret)
{
	*ret = (struct snapshot_routes){
		arena_array(arena, 2 * kernel->n_things + 1, sizeof(*ret->items)), 0
	};
	for (size_t i = 0; i < kernel->n_things; i++) {
		const char *address = after(kernel->things[i], "address - ");
		const char *route = after(kernel->things[i], "route ");
		const char *interface = address ? address : route;
		const char *text = interface ? strchr(interface, ' ') : NULL;
		struct snapshot_route *item = &ret->items[ret->n];

		if (!text || !read_route(arena, interface, text + 1, item))
			continue;
		item->is_address = address;
		ret->n++;
		if (!address || has(kernel, "unrouted", text + 1))
			continue;
		item[1] = *item;
		item[1].is_address = false;
		item[1].prefix = network_of(&item->prefix);
		ret->n++;
	}
	return 0;
}

int kernel_look_way(struct kernel *kernel, const struct address *address, int *ret_interface)
{
	char text[ADDRESS_TEXT_MAX];

	*ret_interface = 0;
	(void)address_format(address, text);
	for (size_t i = 0; i < kernel->n_things; i++) {
		const char *interface = after(kernel->things[i], "way ");
		const char *target = interface ? strchr(interface, ' ') : NULL;

		if (target && streq(target + 1, text))
			*ret_interface = fake_index_of(arena_strndup(
				&kernel->arena, interface, (size_t)(target - interface)));
	}
	return 0;
}

int kernel_look_name(struct kernel *kernel, const char *netns, enum snapshot_name *ret)
{
	if (!has(kernel, "netns", netns))
		return -ENOENT;
	*ret = has(kernel, "pin", netns)       ? SNAPSHOT_NAME_OURS
	       : has(kernel, "bare", netns)    ? SNAPSHOT_NAME_BARE
	       : has(kernel, "foreign", netns) ? SNAPSHOT_NAME_FOREIGN
					       : SNAPSHOT_NAME_GONE;
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

int kernel_view(unused struct kernel *kernel, unused const char *netns, unused struct arena *arena,
	struct kernel_view *ret)
{
	*ret = (struct kernel_view){ 0 };
	return 0;
}

int kernel_find_directory(unused int fd, unused struct arena *arena, const char **ret)
{
	*ret = "/home/alice";
	return 0;
}

int64_t kernel_accounts(unused struct kernel *kernel)
{
	return 1;
}

bool kernel_find_account(
	unused struct kernel *kernel, bool is_group, const char *name, uint32_t *ret)
{
	static const struct {
		const char *name;
		bool is_group;
		uint32_t id;
	} accounts[] = { { "alice", false, 1000 }, { "bob", false, 1001 }, { "staff", true, 50 } };

	for (size_t i = 0; i < lengthof(accounts); i++)
		if (accounts[i].is_group == is_group && streq(accounts[i].name, name)) {
			*ret = accounts[i].id;
			return true;
		}
	return false;
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

int kernel_processes(struct kernel *kernel, const char *const *names, size_t n, struct arena *arena,
	struct nsnet_process_id_list *ret)
{
	(void)names;
	for (size_t i = 0; i < n; i++) {
		ret[i].n = kernel->n_processes;
		ret[i].items = arena_array(arena, ret[i].n, sizeof(*ret[i].items));
		for (size_t j = 0; j < ret[i].n; j++)
			ret[i].items[j].pid = (int64_t)(1000 + j);
	}
	return 0;
}

bool kernel_may_be_entered(struct kernel *kernel, const char *netns)
{
	(void)netns;
	return kernel->n_processes > 0;
}

int kernel_kill(struct kernel *kernel, const char *netns)
{
	(void)netns;
	kernel->n_processes = 0;
	return 0;
}

int kernel_departures(struct kernel *kernel)
{
	(void)kernel;
	return -EBADF;
}

size_t kernel_read_departures(struct kernel *kernel, struct arena *arena, int64_t **ret)
{
	size_t n = (size_t)(kernel->n_gone - kernel->n_told);

	*ret = arena_array(arena, n, sizeof(**ret));
	for (size_t i = 0; i < n; i++)
		(*ret)[i] = ++kernel->n_told;
	return n;
}

bool kernel_wait_departures(struct kernel *kernel, int64_t usec)
{
	(void)usec;
	if (kernel->goes_at_end)
		fake_let_go(kernel);
	return kernel->n_told < kernel->n_gone;
}

bool kernel_is_reaping(const struct kernel *kernel)
{
	/* Or where "reaping" is planted. */
	return kernel->n_gone < kernel->n_departures || fake_has(kernel, "reaping");
}

void fake_hold(struct kernel *kernel, bool goes_at_end)
{
	kernel->holds = true;
	kernel->goes_at_end = goes_at_end;
}

void fake_let_go(struct kernel *kernel)
{
	for (size_t i = kernel->n_things; i-- > 0;)
		if (after(kernel->things[i], "going "))
			kernel->things[i] = kernel->things[--kernel->n_things];
	kernel->n_gone = kernel->n_departures;
}

/* All that a namespace has goes with it here. */
void kernel_expect_gone(struct kernel *kernel, int index)
{
	(void)kernel;
	(void)index;
}

static const char *const features[] = { "forwarding4", "forwarding6", "guard", "owned", "nat",
	"ports", "rate", "netem", "persistent" };

bool kernel_has(struct kernel *kernel, const char *feature)
{
	for (size_t i = 0; i < lengthof(features); i++)
		if (streq(feature, features[i]))
			return !has(kernel, "lacks", feature);
	return false;
}

void kernel_features(struct kernel *kernel, struct arena *arena, struct string_list *ret)
{
	(void)kernel;
	*ret = (struct string_list){ arena_array(arena, lengthof(features), sizeof(*features)),
		lengthof(features) };
	memcpy(ret->items, features, sizeof(features));
}

static int compare_things(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *fake_picture(const struct kernel *kernel, struct arena *arena)
{
	const char **things = arena_array(arena, kernel->n_things, sizeof(*things));
	const char *text = "";

	for (size_t i = 0; i < kernel->n_things; i++)
		things[i] = kernel->things[i];
	qsort(things, kernel->n_things, sizeof(*things), compare_things);
	for (size_t i = 0; i < kernel->n_things; i++)
		text = arena_printf(arena, "%s%s\n", text, things[i]);
	return text;
}
