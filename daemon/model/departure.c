/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * departure - namespaces that were deleted and are not gone yet
 */
#include "departure.h"

#include <search.h>

static int compare(const void *a, const void *b)
{
	const struct departure *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

static void rest(const struct departed *departed)
{
	for (size_t i = 0; i < FAMILIES; i++)
		if (address_is_set(&departed->addresses[i]))
			subnet_rest(&departed->network->subnets[i], &departed->addresses[i]);
}

static void wake(const struct departed *departed)
{
	for (size_t i = 0; i < FAMILIES; i++)
		if (address_is_set(&departed->addresses[i]))
			subnet_wake(&departed->network->subnets[i], &departed->addresses[i]);
}

static void join_network(struct departed *departed, struct network *network)
{
	departed->network = network;
	list_append(&network->departed, &departed->network_link);
	network->n_departed++;
	rest(departed);
}

static void add_port(struct departure *departure, const struct attachment *attachment)
{
	struct departed *departed = calloc(1, sizeof(*departed));

	if (!departed)
		abort();
	memcpy(departed->port, attachment->host_interface, sizeof(departed->port));
	departed->mac = attachment->mac;
	memcpy(departed->addresses, attachment->addresses, sizeof(departed->addresses));
	departed->is_guarded = attachment->is_guarded;
	list_append(&departure->ports, &departed->link);
	join_network(departed, attachment->network);
}

static void leave_network(struct departed *departed)
{
	if (!departed->network)
		return;
	wake(departed);
	list_remove(&departed->network_link);
	departed->network->n_departed--;
	departed->network = NULL;
}

void departure_add(void **all, const struct ns *ns)
{
	struct departure *departure, **found;

	/* It was not there any more. */
	if (ns->departure == 0)
		return;
	departure = calloc(1, sizeof(*departure));
	if (!departure)
		abort();
	departure->number = ns->departure;
	list_init(&departure->ports);
	for (size_t i = 0; i < ns->n_attachments; i++)
		add_port(departure, &ns->attachments[i]);
	found = tsearch(departure, all, compare);
	if (!found || *found != departure)
		abort();
}

struct departure *departure_find(void *const *all, int64_t number)
{
	const struct departure key = { .number = number };
	struct departure **found = tfind(&key, all, compare);

	return found ? *found : NULL;
}

static void departure_free(void *pointer)
{
	struct departure *departure = pointer;

	list_foreach (&departure->ports, struct departed, link, departed) {
		leave_network(departed);
		free(departed);
	}
	free(departure);
}

void departure_end(void **all, struct departure *departure)
{
	(void)tdelete(departure, all, compare);
	departure_free(departure);
}

void departure_end_all(void **all)
{
	tdestroy(*all, departure_free);
	*all = NULL;
}

void departure_forget(struct network *network)
{
	list_foreach (&network->departed, struct departed, network_link, departed)
		leave_network(departed);
}

void departure_part(struct network *former, struct list *ret)
{
	list_init(ret);
	list_foreach (&former->departed, struct departed, network_link, departed) {
		leave_network(departed);
		list_append(ret, &departed->network_link);
	}
}

void departure_join(struct network *network, struct list *departed)
{
	list_foreach (departed, struct departed, network_link, one) {
		list_remove(&one->network_link);
		join_network(one, network);
	}
}

static bool is_rival(const struct departed *departed, const struct attachment *attachment)
{
	if (memcmp(&departed->mac, &attachment->mac, sizeof(attachment->mac)) == 0)
		return true;
	for (size_t i = 0; i < FAMILIES; i++)
		if (address_is_set(&attachment->addresses[i]) &&
			address_is_equal(&departed->addresses[i], &attachment->addresses[i]))
			return true;
	return false;
}

void departure_each_rival(const struct attachment *attachment,
	void (*on_port)(struct departed *departed, void *userdata), void *userdata)
{
	const struct network *network = attachment->network;
	size_t n = 0;

	list_foreach (&network->departed, struct departed, network_link, departed)
		n += !departed->is_cut;
	list_foreach (&network->spares, struct attachment, link, spare)
		n++;
	/* In the order in which they were deleted. */
	list_foreach (&network->departed, struct departed, network_link, departed) {
		bool is_in_the_way = network->n_attachments + n > network->n_ports;

		if (departed->is_cut || (!is_in_the_way && !is_rival(departed, attachment)))
			continue;
		n--;
		on_port(departed, userdata);
	}
}
