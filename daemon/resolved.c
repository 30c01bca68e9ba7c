/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * resolved - tells systemd-resolved, where it runs, which name server knows a network's names
 */
#include "resolved.h"

#include "log.h"

#define RESOLVED     "org.freedesktop.resolve1"
#define MANAGER_PATH "/org/freedesktop/resolve1"
#define MANAGER      "org.freedesktop.resolve1.Manager"

/* userdata is the method's name. */
static int on_answer(sd_bus_message *message, void *userdata, sd_bus_error *reterr)
{
	const sd_bus_error *error = sd_bus_message_get_error(message);

	(void)reterr;
	/* It does not run, or the link has gone meanwhile. */
	if (!error || sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
		sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER) ||
		sd_bus_error_has_name(error, "org.freedesktop.resolve1.NoSuchLink"))
		return 1;
	log_line(LOG_WARNING,
		"systemd-resolved refuses %s: %s; the host does not resolve names of a network",
		(const char *)userdata, error->message ? error->message : error->name);
	return 1;
}

static int begin(sd_bus *bus, const char *method, int index, sd_bus_message **ret)
{
	int r = sd_bus_message_new_method_call(bus, ret, RESOLVED, MANAGER_PATH, MANAGER, method);

	/* Nobody is started who does not run. */
	if (r >= 0)
		r = sd_bus_message_set_auto_start(*ret, false);
	if (r >= 0)
		r = sd_bus_message_append(*ret, "i", index);
	return r;
}

static int append_servers(sd_bus_message *message, const struct dns *dns)
{
	int r = sd_bus_message_open_container(message, 'a', "(iay)");

	for (size_t i = 0; r >= 0 && i < FAMILIES; i++) {
		const struct address *gateway = &dns->gateways[i];

		if (!address_is_set(gateway))
			continue;
		r = sd_bus_message_open_container(message, 'r', "iay");
		if (r >= 0)
			r = sd_bus_message_append(message, "i", gateway->family);
		if (r >= 0)
			r = sd_bus_message_append_array(
				message, 'y', gateway->bytes, address_bits(gateway) / 8);
		if (r >= 0)
			r = sd_bus_message_close_container(message);
	}
	return r < 0 ? r : sd_bus_message_close_container(message);
}

static int append_nothing(sd_bus_message *message, const struct dns *dns)
{
	(void)message;
	(void)dns;
	return 0;
}

static int append_no(sd_bus_message *message, const struct dns *dns)
{
	(void)dns;
	return sd_bus_message_append(message, "b", false);
}

/* For routing alone: no name is tried with it behind. */
static int append_domain(sd_bus_message *message, const struct dns *dns)
{
	return sd_bus_message_append(message, "a(sb)", 1, dns->domain, true);
}

static void tell(sd_bus *bus, const char *method, int index,
	int (*append)(sd_bus_message *message, const struct dns *dns), const struct dns *dns)
{
	sd_bus_message *message = NULL;
	int r = begin(bus, method, index, &message);

	if (r >= 0)
		r = append(message, dns);
	if (r >= 0)
		r = sd_bus_call_async(bus, NULL, message, on_answer, (void *)method, 0);
	(void)sd_bus_message_unref(message);
	if (r < 0)
		log_line(LOG_WARNING, "cannot ask systemd-resolved for %s: %s", method,
			strerror(-r));
}

void resolved_set_link(sd_bus *bus, int index, const struct dns *dns)
{
	/* The server last: before it has a domain it would be asked for all names. */
	tell(bus, "SetLinkDefaultRoute", index, append_no, dns);
	tell(bus, "SetLinkDomains", index, append_domain, dns);
	tell(bus, "SetLinkDNS", index, append_servers, dns);
}

void resolved_revert_link(sd_bus *bus, int index)
{
	tell(bus, "RevertLink", index, append_nothing, NULL);
}
