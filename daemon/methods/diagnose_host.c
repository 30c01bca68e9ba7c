/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * diagnose_host - what is looked at of the host itself: tables that all share, rules that cannot be seen, the kernel
 */
#include <inttypes.h>

#include "diagnose.h"

/* Parts in a hundred of a table. */
#define FILL_WARNING 80
#define FILL_FAILURE 98

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

void diagnose_host(struct diagnose *diagnose)
{
	static const struct diagnose_row rows[] = {
		{ "tables", "those of the kernel have room", look_tables },
		{ "rules", "those of others could all be looked at", look_rules },
		{ "kernel", "has what is needed", look_kernel },
	};

	diagnose_rows(diagnose, rows, lengthof(rows));
}
