/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * diagnose_host - what is looked at of the host itself: tables that all share, rules that cannot be seen, the kernel
 */
#include <inttypes.h>

#include "diagnose.h"

/* Parts in a hundred of a table. */
#define FILL_WARNING 80
#define FILL_FAILURE 98

/* Names of what was left aside: of more than these it is told how many. */
#define LEFT_TOLD 64U

static bool look_tables(struct diagnose *diagnose)
{
	for (size_t i = 0; i < diagnose->host.n_tables; i++) {
		const struct diagnosis_table *table = &diagnose->host.tables[i];
		int64_t percent = table->limit < 100 ? 100 * table->n / table->limit
						     : table->n / (table->limit / 100);

		if (percent < FILL_WARNING)
			continue;
		diagnose_tell(diagnose,
			percent < FILL_FAILURE ? NSNET_SEVERITY_WARNING : NSNET_SEVERITY_FAILURE,
			table->name,
			diagnose_text(diagnose, "sysctl -w %s=%" PRId64, table->setting,
				2 * table->limit),
			"%" PRId64 " of %" PRId64 " that the kernel keeps are in use", table->n,
			table->limit);
	}
	return diagnose->host.n_tables > 0;
}

static bool look_rules(struct diagnose *diagnose)
{
	const struct string_list *legacy = &diagnose->host.legacy;

	for (size_t i = 0; i < legacy->n; i++)
		diagnose_tell(diagnose, NSNET_SEVERITY_WARNING, "x_tables",
			diagnose_text(diagnose, "%s-legacy -t %s -S",
				after(legacy->items[i], "ip6 ") ? "ip6tables" : "iptables",
				strchr(legacy->items[i], ' ') + 1),
			"table %s has rules of the old kind, which are not looked at",
			legacy->items[i]);
	if (diagnose->host.others.is_cut)
		diagnose_tell(diagnose, NSNET_SEVERITY_WARNING, "rules", NULL,
			"there are more than are looked at: the first %zu were",
			diagnose->host.others.n_rules);
	return true;
}

static bool look_kernel(struct diagnose *diagnose)
{
	static const struct {
		const char *feature, *without;
	} features[] = {
		{ "forwarding4", "nothing gets out by IPv4" },
		{ "forwarding6", "nothing gets out by IPv6" },
		{ "guard", "namespaces can send by any address" },
		{ "nat", "networks are not kept from each other and the rest" },
		{ "ports", "no port of the host can lead into a namespace" },
	};

	for (size_t i = 0; i < lengthof(features); i++)
		if (!kernel_has(diagnose->context->kernel, features[i].feature))
			diagnose_tell(diagnose, NSNET_SEVERITY_WARNING, features[i].feature,
				"nsnetd --check", "this kernel has it not: %s",
				features[i].without);
	return true;
}

/* The name that is left under /run/netns would be nobody's. What could not be made is tried at each start. */
static const char *left_remedy(struct diagnose *diagnose, const struct left_item *item)
{
	static const char again[] = "systemctl restart nsnetd";
	const struct kernel_paths *paths = diagnose->context->paths;
	bool is_namespace = item->kind == RECORD_NAMESPACE;
	const char *folder = is_namespace ? "namespaces" : "networks";

	switch (item->what) {
	case LEFT_RECORD:
		return diagnose_text(diagnose, "%s%s%smv %s/state/%s/%s.json /root && %s",
			is_namespace ? "ip netns delete " : "", is_namespace ? item->name : "",
			is_namespace ? "; " : "", paths->run, folder, item->name, again);
	case LEFT_WISH:
		return diagnose_text(diagnose, "mv %s/%s/%s.json /root && %s", paths->wishes,
			folder, item->name, again);
	case LEFT_UNMADE:
		break;
	}
	return again;
}

/* Whose it was nobody knows. */
static bool look_left(struct diagnose *diagnose)
{
	static const char *const said[] = { "its record was left aside",
		"what it was to come back by was left aside", "it did not come back" };
	const struct left *left = &diagnose->context->left;

	if (!methods_caller(diagnose->context, diagnose->call).is_administrator)
		return false;
	for (size_t i = 0; i < left->n && i < LEFT_TOLD; i++) {
		const struct left_item *item = &left->items[i];

		diagnose_tell(diagnose, NSNET_SEVERITY_FAILURE,
			diagnose_text(diagnose, "%s %s",
				item->kind == RECORD_NAMESPACE ? "namespace" : "network",
				item->name),
			left_remedy(diagnose, item), "%s at the last start: %s", said[item->what],
			item->why);
	}
	if (left->n > LEFT_TOLD)
		diagnose_tell(diagnose, NSNET_SEVERITY_FAILURE, "records",
			"journalctl --unit nsnetd --priority err", "%zu more were left aside",
			left->n - LEFT_TOLD);
	return true;
}

void diagnose_host(struct diagnose *diagnose)
{
	static const struct diagnose_row rows[] = {
		{ "tables", "those of the kernel have room", look_tables },
		{ "rules", "those of others could all be looked at", look_rules },
		{ "kernel", "has what is needed", look_kernel },
		{ "records", "none was left aside at the last start", look_left },
	};

	diagnose_rows(diagnose, rows, lengthof(rows));
}
