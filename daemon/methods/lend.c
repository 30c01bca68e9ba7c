/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lend - what is lent: interfaces of the host to namespaces, and namespaces to users
 */
#include "lend.h"

/* Whether a list has what the one of before has not. */
static bool has_more(const struct string_list *list, const struct string_list *before)
{
	for (size_t i = 0; i < list->n; i++)
		if (!before || !string_list_has(before, list->items[i]))
			return true;
	return false;
}

bool lend_may(const struct policy_caller *caller, const struct ns *former,
	const struct nsnet_namespace_context *context)
{
	const struct string_list *links = former ? &former->links : NULL;
	const struct string_list *allow = former ? &former->told.context.allow : NULL;
	const struct policy_object nothing = { 0 };

	return (!has_more(&context->links, links) || policy_may(caller, MAY_TAKE_LINK, nothing)) &&
	       (!has_more(&context->allow, allow) ||
		       policy_may(caller, MAY_LEND_NAMESPACE, nothing));
}

static int check_link(
	const struct deed *deed, const char *name, struct string_list *lost, struct fault *reterr)
{
	struct string_list addresses = { 0 };
	const char **all;
	int r = kernel_find_link(deed->context->kernel, name, deed->arena, &addresses);

	if (r == -ENODEV || r == -EBUSY)
		return fault_set(reterr, &(struct fault){ .type = FAULT_LINK,
						 .name = arena_strdup(deed->arena, name) });
	if (r < 0)
		return r;
	all = arena_array(deed->arena, lost->n + addresses.n, sizeof(*all));
	for (size_t i = 0; i < lost->n + addresses.n; i++)
		all[i] = i < lost->n ? lost->items[i] : addresses.items[i - lost->n];
	*lost = (struct string_list){ all, lost->n + addresses.n };
	return 0;
}

/* One who has gone since may stay in the list: others of it are not to suffer. */
static int check_names(
	const struct deed *deed, const struct ns *ns, const struct ns *former, struct fault *reterr)
{
	const struct string_list *names = &ns->told.context.allow;

	for (size_t i = 0; i < ns->n_lent; i++) {
		const struct lending *lending = &ns->lent[i];
		uint32_t id;

		if (lending->is_number ||
			(former && string_list_has(&former->told.context.allow, names->items[i])))
			continue;
		if (!kernel_find_account(
			    deed->context->kernel, lending->is_group, lending->name, &id))
			return fault_set(reterr, &(struct fault){ .type = FAULT_PARAMETER,
							 .field = arena_printf(deed->arena,
								 "context.allow[%zu]", i) });
	}
	return 0;
}

int lend_check(const struct deed *deed, const struct ns *ns, const struct ns *former,
	struct string_list *lost_addresses, struct fault *reterr)
{
	int r = check_names(deed, ns, former, reterr);

	for (size_t i = 0; r == 0 && i < ns->links.n; i++)
		if (!former || !string_list_has(&former->links, ns->links.items[i]))
			r = check_link(deed, ns->links.items[i], lost_addresses, reterr);
	return r;
}
