/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * attachment - how a namespace is attached to networks: ports, interfaces, addresses
 *
 * Where a namespace is made from a former one, the attachment to the same network, with the same interface where one is named,
 * is the same as before: it keeps its port and host end, and all that nothing else is wished for.
 */
#include <limits.h>
#include <stdio.h>

#include "maker.h"

/* Whether one of the first n attachments has that interface, or one behind them wishes it. */
static bool has_interface(const struct maker *maker, const struct nsnet_attachment_list *wishes,
	const char *name, size_t n)
{
	for (size_t i = 0; i < wishes->n; i++)
		if (streq(maker->ns->attachments[i].interface, name) ||
			(i > n && streq_null(wishes->items[i].interface_name, name)))
			return true;
	return false;
}

static bool is_named_before(const struct maker *maker, const char *name, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (streq(maker->ns->attachments[i].interface, name))
			return true;
	return false;
}

/* The wished name, that of before, or the first of eth0, eth1, … that no attachment has or wishes. */
static int name_interface(
	const struct maker *maker, const struct nsnet_attachment_list *wishes, size_t i)
{
	struct attachment *attachment = &maker->ns->attachments[i];
	const char *wish = wishes->items[i].interface_name;

	if (wish) {
		if (!interface_name_is_valid(wish) || is_named_before(maker, wish, i))
			return fault_parameter(
				maker, element(maker, "attachments", i, "interfaceName"));
		(void)snprintf(attachment->interface, sizeof(attachment->interface), "%s", wish);
	}
	for (unsigned number = 0; !*attachment->interface; number++) {
		char name[INTERFACE_SIZE];

		(void)snprintf(name, sizeof(name), "eth%u", number % 1000000U);
		if (!has_interface(maker, wishes, name, i))
			(void)snprintf(
				attachment->interface, sizeof(attachment->interface), "%s", name);
	}
	return 0;
}

/* The one of before that a wish means: not one that another wish names, or has already. */
static struct attachment *find_former(
	const struct maker *maker, const struct nsnet_attachment_list *wishes, size_t i)
{
	const struct nsnet_attachment *wish = &wishes->items[i];
	struct ns *former = maker->host->former;

	for (size_t j = 0; former && j < former->n_attachments; j++) {
		struct attachment *attachment = &former->attachments[j];
		bool is_taken = !streq(attachment->network->name, wish->network) ||
				(wish->interface_name &&
					!streq(wish->interface_name, attachment->interface));
		struct mac mac;

		if (wish->hardware_address && mac_parse(wish->hardware_address, &mac))
			is_taken = is_taken || memcmp(&mac, &attachment->mac, sizeof(mac)) != 0;
		for (size_t k = 0; k < wishes->n && !is_taken; k++)
			is_taken = maker->ns->attachments[k].former == attachment ||
				   (k != i && streq_null(wishes->items[k].interface_name,
						      attachment->interface));
		if (!is_taken)
			return attachment;
	}
	return NULL;
}

static int fault_address(const struct maker *maker, const struct network *network, const char *text)
{
	return fault_set(maker->fault, &(struct fault){ .type = FAULT_ADDRESS,
					       .name = arena_strdup(maker->arena, network->name),
					       .text = text });
}

/* What the namespace had before, on that network, it may have again. */
static bool take_address(
	const struct maker *maker, struct network *network, const struct address *address)
{
	return subnet_take(&network->subnets[family_index(address->family)], address) ||
	       (namespace_has_address(maker->host->former, network, address) &&
		       !namespace_has_address(maker->ns, network, address));
}

static int take_wished(const struct maker *maker, struct attachment *attachment,
	const struct string_list *wishes, size_t i)
{
	for (size_t j = 0; j < wishes->n; j++) {
		struct address address;
		size_t family;

		if (!address_parse(wishes->items[j], &address) ||
			address_is_set(&attachment->addresses[family_index(address.family)]))
			return fault_parameter(
				maker, arena_printf(maker->arena,
					       "context.attachments[%zu].addresses[%zu]", i, j));
		family = family_index(address.family);
		if (!take_address(maker, attachment->network, &address))
			return fault_address(maker, attachment->network, wishes->items[j]);
		attachment->addresses[family] = address;
	}
	return 0;
}

/* Whether it keeps what it had of a family, nothing included, as nothing else is wished. */
static bool keeps(const struct maker *maker, const struct attachment *former,
	const struct string_list *wishes, size_t family)
{
	const struct address *address = &former->addresses[family];

	if (!address_is_set(address))
		return !wishes->items;
	return !namespace_has_address(maker->ns, former->network, address);
}

/* Those that are asked for, then one of each family that is not: that of before, or a free one. */
static int take_addresses(const struct maker *maker, struct attachment *attachment,
	const struct string_list *wishes, size_t i)
{
	struct network *network = attachment->network;
	uint64_t wish = 0;
	int r = take_wished(maker, attachment, wishes, i);

	if (r != 0 || (wishes->items && wishes->n == 0))
		return r;
	for (size_t family = 0; family < FAMILIES; family++) {
		struct subnet *subnet = &network->subnets[family];
		struct address *address = &attachment->addresses[family];
		const struct attachment *former = attachment->former;

		if (former && !address_is_set(address) && keeps(maker, former, wishes, family))
			*address = former->addresses[family];
		else if (subnet_is_set(subnet) && !address_is_set(address) &&
			 !subnet_pick(subnet, wish, address))
			return fault_address(maker, network, NULL);
		/* 10.0.0.7 goes with fd00::7, if it can. */
		if (address_is_set(address))
			wish = prefix_index(&subnet->prefix, address);
	}
	return 0;
}

static int make_mac(
	const struct maker *maker, struct attachment *attachment, const char *wish, size_t i)
{
	if (wish) {
		if (!mac_parse(wish, &attachment->mac))
			return fault_parameter(
				maker, element(maker, "attachments", i, "hardwareAddress"));
		return 0;
	}
	if (attachment->former) {
		attachment->mac = attachment->former->mac;
		return 0;
	}
	for (size_t family = 0; family < FAMILIES; family++)
		if (address_is_set(&attachment->addresses[family])) {
			attachment->mac = mac_of_address(&attachment->addresses[family]);
			return 0;
		}
	attachment->mac = (struct mac){ { 0x02, 0x6e, (uint8_t)(attachment->network->number >> 8),
		(uint8_t)attachment->network->number, (uint8_t)(attachment->port >> 8),
		(uint8_t)attachment->port } };
	return 0;
}

static int make_shape(const struct maker *maker, struct attachment *attachment,
	const struct nsnet_shaping *wish, size_t i)
{
	const char *wrong = shape_read(wish, &attachment->shape);
	const struct shape *shape = &attachment->shape;
	const char *missing = NULL;

	if (wrong)
		return fault_parameter(
			maker, element(maker, "attachments", i,
				       arena_printf(maker->arena, "shaping.%s", wrong)));
	if ((shape->send_rate > 0 || shape->receive_rate > 0) && !maker->host->has_rate)
		missing = "rate";
	if (shape_needs_netem(shape) && !maker->host->has_netem)
		missing = "netem";
	return missing ? fault_set(maker->fault,
				 &(struct fault){ .type = FAULT_NOT_SUPPORTED, .name = missing })
		       : 0;
}

static bool needs_guard(const struct ns *ns, const struct network *network)
{
	bool has_gateway = false;

	for (size_t i = 0; i < FAMILIES; i++)
		has_gateway = has_gateway || address_is_set(&network->gateways[i]);
	return ns->uid != 0 && (has_gateway || network->uid != ns->uid);
}

/* From here on namespace_free() gives back what the attachment has taken. */
static int join(const struct maker *maker, struct attachment *attachment, const char *name)
{
	struct network *network = NULL;
	unsigned port;

	if (name_is_valid(name))
		network = maker->host->find_network(maker->host->userdata, name);
	if (!network)
		return fault_set(
			maker->fault, &(struct fault){ .type = FAULT_NO_NETWORK, .name = name });
	port = attachment->former ? attachment->former->port : network_take_port(network);
	if (port == UINT_MAX)
		return fault_set(
			maker->fault, &(struct fault){ .type = FAULT_NETWORK_FULL,
					      .name = arena_strdup(maker->arena, network->name),
					      .number = network->n_ports });
	attachment->network = network;
	attachment->ns = maker->ns;
	attachment->port = port;
	attachment->is_routed = network_is_routed(network);
	attachment->is_guarded = !attachment->is_routed && needs_guard(maker->ns, network);
	list_append(
		maker->ns->is_spare ? &network->spares : &network->attachments, &attachment->link);
	if (!maker->ns->is_spare)
		network->n_attachments++;
	maker->ns->n_attachments++;
	return 0;
}

static void name_ends(const struct maker *maker, struct attachment *attachment, size_t i)
{
	const struct string_list *were = &maker->host->host_interfaces;

	attachment->alias = arena_printf(
		&maker->ns->arena, "nsnetd:%s/%s", maker->ns->name, attachment->interface);
	if (attachment->former)
		(void)snprintf(attachment->host_interface, sizeof(attachment->host_interface), "%s",
			attachment->former->host_interface);
	else
		maker->host->name_link(maker->host->userdata, attachment->alias,
			i < were->n ? were->items[i] : NULL, attachment->host_interface);
}

static int attach(const struct maker *maker, const struct nsnet_attachment_list *wishes, size_t i)
{
	const struct nsnet_attachment *wish = &wishes->items[i];
	struct attachment *attachment = &maker->ns->attachments[i];
	int r = join(maker, attachment, wish->network);

	if (r == 0)
		r = name_interface(maker, wishes, i);
	if (r == 0)
		r = take_addresses(maker, attachment, &wish->addresses, i);
	if (r == 0)
		r = make_mac(maker, attachment, wish->hardware_address, i);
	if (r == 0)
		r = make_shape(maker, attachment, wish->shaping, i);
	if (r == 0)
		name_ends(maker, attachment, i);
	return r;
}

int attachment_make_all(const struct maker *maker, const struct nsnet_attachment_list *wishes)
{
	struct ns *ns = maker->ns;

	if (wishes->n > NAMESPACE_ATTACHMENTS_MAX)
		return fault_parameter(maker, "context.attachments");
	ns->attachments = arena_array(&ns->arena, wishes->n, sizeof(*ns->attachments));
	for (size_t i = 0; i < wishes->n; i++) {
		struct attachment *attachment = &ns->attachments[i];

		attachment->former = find_former(maker, wishes, i);
		if (attachment->former)
			(void)snprintf(attachment->interface, sizeof(attachment->interface), "%s",
				attachment->former->interface);
	}
	for (size_t i = 0; i < wishes->n; i++) {
		int r = attach(maker, wishes, i);

		if (r != 0)
			return r;
	}
	return 0;
}
