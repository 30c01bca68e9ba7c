/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * publication - the ports of the host that lead into a namespace
 */
#include "maker.h"

static int fault_port(
	const struct maker *maker, const struct nsnet_port *wish, const struct published *port)
{
	return fault_set(maker->fault, &(struct fault){ .type = FAULT_PORT,
					       .protocol = (int)wish->protocol,
					       .text = wish->host_address,
					       .number = port->host_port });
}

/* Where it leads: by family, the first address whose network has a gateway to come by. */
static void find_targets(const struct ns *ns, struct published *port)
{
	for (size_t family = 0; family < FAMILIES; family++)
		for (size_t i = 0; i < ns->n_attachments; i++) {
			const struct attachment *attachment = &ns->attachments[i];

			if (address_is_set(&port->targets[family]) ||
				!address_is_set(&attachment->network->gateways[family]) ||
				!address_is_set(&attachment->addresses[family]))
				continue;
			port->targets[family] = attachment->addresses[family];
		}
}

/* The address of the host narrows it to its family. */
static int read_host(
	const struct maker *maker, const struct nsnet_port *wish, size_t i, struct published *port)
{
	struct address address;

	for (size_t family = 0; family < FAMILIES; family++)
		port->host[family].family = family_of(family);
	if (!wish->host_address)
		return 0;
	if (!address_parse(wish->host_address, &address))
		return fault_parameter(maker, element(maker, "ports", i, "hostAddress"));
	port->host[family_index(address.family)] = address;
	port->targets[1 - family_index(address.family)].family = AF_UNSPEC;
	return 0;
}

static bool is_port(int64_t number)
{
	return number > 0 && number <= UINT16_MAX;
}

/* Whether the namespace had that port of the host before: then it is its own, whatever holds by now. */
static bool is_formers(const struct maker *maker, const struct published *port)
{
	const struct ns *former = maker->host->former;

	for (size_t i = 0; former && i < former->n_ports; i++) {
		const struct published *other = &former->ports[i];

		if (other->protocol == port->protocol && other->host_port == port->host_port &&
			address_is_equal(&other->host[0], &port->host[0]) &&
			address_is_equal(&other->host[1], &port->host[1]))
			return true;
	}
	return false;
}

static bool is_free(const struct maker *maker, const struct published *port)
{
	const struct namespace_host *host = maker->host;

	if (publish_is_taken(host->published, port, host->former ? host->former->ports : NULL,
		    host->former ? host->former->n_ports : 0))
		return false;
	for (size_t family = 0; host->is_listening && family < FAMILIES; family++)
		if (address_is_set(&port->targets[family]) && !is_formers(maker, port) &&
			host->is_listening(host->userdata, port->protocol, &port->host[family],
				port->host_port))
			return false;
	return true;
}

static bool choose(const struct maker *maker, struct published *port)
{
	const struct namespace_host *host = maker->host;

	for (unsigned number = host->first_port; number <= host->last_port; number++) {
		port->host_port = (uint16_t)number;
		if (is_free(maker, port))
			return true;
	}
	port->host_port = 0;
	return false;
}

/* From here on namespace_free() gives it back. */
static int publish(const struct maker *maker, const struct nsnet_port *wish, size_t i)
{
	struct ns *ns = maker->ns;
	struct published *port = &ns->ports[i];
	int64_t least = maker->host->lowest_port;
	int r;

	if (!is_port(wish->namespace_port))
		return fault_parameter(maker, element(maker, "ports", i, "namespacePort"));
	if (wish->host_port.is_set && !is_port(wish->host_port.value))
		return fault_parameter(maker, element(maker, "ports", i, "hostPort"));
	port->protocol = wish->protocol;
	port->namespace_port = (uint16_t)wish->namespace_port;
	port->host_port = (uint16_t)wish->host_port.value;
	find_targets(ns, port);
	r = read_host(maker, wish, i, port);
	if (r != 0)
		return r;
	if (!address_is_set(&port->targets[0]) && !address_is_set(&port->targets[1]))
		return fault_parameter(maker, element(maker, "ports", i, NULL));
	if (wish->host_port.is_set && wish->host_port.value < least && !is_formers(maker, port))
		return fault_set(maker->fault, &(struct fault){ .type = FAULT_PORT_POLICY,
						       .number = wish->host_port.value,
						       .least = least });
	if (wish->host_port.is_set ? !is_free(maker, port) : !choose(maker, port))
		return fault_port(maker, wish, port);
	for (size_t j = 0; maker->host->former && j < maker->host->former->n_ports; j++)
		if (publish_is_equal(&maker->host->former->ports[j], port))
			port->former = &maker->host->former->ports[j];
	publish_take(maker->host->published, port);
	ns->n_ports++;
	return 0;
}

int publication_make_all(const struct maker *maker, const struct nsnet_port_list *wishes)
{
	struct ns *ns = maker->ns;

	if (wishes->n > NAMESPACE_PORTS_MAX)
		return fault_parameter(maker, "context.ports");
	if (wishes->n > 0 && !maker->host->has_ports)
		return fault_set(maker->fault,
			&(struct fault){ .type = FAULT_NOT_SUPPORTED, .name = "ports" });
	ns->published = maker->host->published;
	ns->ports = arena_array(&ns->arena, wishes->n, sizeof(*ns->ports));
	for (size_t i = 0; i < wishes->n; i++) {
		int r = publish(maker, &wishes->items[i], i);

		if (r != 0)
			return r;
	}
	return 0;
}
