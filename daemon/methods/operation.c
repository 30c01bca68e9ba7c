/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * operation - one part of what Apply does: one object made or changed, or some deleted, and how that is taken back
 */
#include "operation.h"

#include <syslog.h>

#include "deletion.h"
#include "log.h"
#include "networks.h"
#include "wishes.h"

/* A context that outlives the object it is of. */
static const void *remember(
	const struct codec_struct *type, const void *context, struct arena *memory)
{
	void *copy = arena_alloc(memory, type->size);

	codec_copy(type, context, copy, memory);
	return copy;
}

static const void *context_of(
	const struct operation *operation, const struct deed *deed, const char *name)
{
	const struct registry *registry = deed->context->registry;

	if (operation->is_network) {
		const struct network *network = registry_find_network(registry, name);

		return network ? &network->told.context : NULL;
	} else {
		const struct ns *ns = registry_find_namespace(registry, name);

		return ns ? &ns->told.context : NULL;
	}
}

static const struct codec_struct *type_of(const struct operation *operation)
{
	return operation->is_network ? &nsnet_network_context_type : &nsnet_namespace_context_type;
}

/* The contexts of all that there is under its names. */
static void remember_all(struct operation *operation, const struct deed *deed, struct arena *memory)
{
	const struct string_list one = { &operation->name, 1 };
	const struct string_list *names = operation->names.n > 0 ? &operation->names : &one;

	operation->before = arena_array(memory, names->n, sizeof(*operation->before));
	for (size_t i = 0; i < names->n; i++) {
		const void *context = context_of(operation, deed, names->items[i]);

		operation->before[i] =
			context ? remember(type_of(operation), context, memory) : NULL;
	}
}

static int create(const struct operation *operation, const struct deed *deed, struct fault *reterr)
{
	struct network *network;
	struct wishes_done done;

	return operation->is_network
		       ? networks_create(deed, operation->name, operation->wish, &network, reterr)
		       : wishes_create(deed, operation->name, operation->wish, &done, reterr);
}

static int set(const struct operation *operation, const struct deed *deed,
	struct string_list *ret_fields, struct fault *reterr)
{
	struct networks_done network;
	struct wishes_done done;
	int r;

	if (operation->is_network) {
		r = networks_set(deed, operation->name, operation->wish, NULL, &network, reterr);
		*ret_fields = r == 0 ? network.fields : (struct string_list){ 0 };
		return r;
	}
	r = wishes_set(deed, operation->name, operation->wish, NULL, &done, reterr);
	*ret_fields = r == 0 ? done.fields : (struct string_list){ 0 };
	return r;
}

static int delete_all(
	const struct operation *operation, const struct deed *deed, struct fault *reterr)
{
	return operation->is_network
		       ? networks_delete(deed, &operation->names, reterr)
		       : deletion_run(deed, &operation->names, operation->kills, reterr);
}

/* Names of fields are nobody's: the list of them is copied. */
static struct string_list copy_list(const struct string_list *list, struct arena *memory)
{
	struct string_list copy = { arena_array(memory, list->n, sizeof(*copy.items)), list->n };

	if (list->n > 0)
		memcpy(copy.items, list->items, list->n * sizeof(*copy.items));
	return list->n > 0 ? copy : (struct string_list){ 0 };
}

static void tell(const struct operation *operation, const struct string_list *fields,
	const struct string_list *steps, struct arena *memory, struct nsnet_change_list *ret)
{
	size_t n = operation->action == NSNET_ACTION_DELETE ? operation->names.n : 1;

	ret->items = arena_array(memory, n, sizeof(*ret->items));
	ret->n = n;
	for (size_t i = 0; i < n; i++) {
		const char *name = operation->action == NSNET_ACTION_DELETE
					   ? operation->names.items[i]
					   : operation->name;

		ret->items[i] = (struct nsnet_change){
			.action = operation->action,
			.namespace = operation->is_network ? NULL : name,
			.network = operation->is_network ? name : NULL,
			.fields = copy_list(fields, memory),
			/* Of several that go together, with the first one. */
			.steps = steps && i == 0 ? *steps : (struct string_list){ 0 },
		};
	}
}

static bool has_default(const struct deed *deed)
{
	return registry_find_network(deed->context->registry, METHODS_DEFAULT_NETWORK);
}

int operation_run(struct operation *operation, const struct deed *deed, struct arena *memory,
	struct nsnet_change_list *ret, struct fault *reterr)
{
	struct string_list fields = { 0 };
	bool had_default = has_default(deed);
	int r = 0;

	*ret = (struct nsnet_change_list){ 0 };
	switch (operation->action) {
	case NSNET_ACTION_CREATE:
		r = create(operation, deed, reterr);
		break;
	case NSNET_ACTION_UPDATE:
		remember_all(operation, deed, memory);
		r = set(operation, deed, &fields, reterr);
		break;
	case NSNET_ACTION_DELETE:
		remember_all(operation, deed, memory);
		r = delete_all(operation, deed, reterr);
		break;
	case NSNET_ACTION_UNSET:
		abort();
	}
	if (r != 0)
		return r;
	operation->made_default = !operation->is_network && !had_default && has_default(deed);
	if (operation->action == NSNET_ACTION_UPDATE && fields.n == 0)
		return 0;
	operation->is_done = true;
	tell(operation, &fields, deed->rehearsal, memory, ret);
	return 0;
}

/* Taking back. */

static void say(const struct operation *operation, const struct deed *deed, const char *name, int r,
	const struct fault *fault)
{
	if (r != 0)
		log_line(LOG_ERR, "cannot take back what was applied to the %s \"%s\": %s",
			operation->is_network ? "network" : "namespace", name,
			r < 0 ? strerror(-r) : fault_print(fault, deed->arena));
}

/* In a rehearsal nothing but the registry knows of it. */
static void forget(const struct operation *operation, const struct deed *deed, const char *name)
{
	struct nsnet_context *context = deed->context;
	struct network *network;
	uid_t uid;

	if (!operation->is_network) {
		deletion_forget(context, registry_find_namespace(context->registry, name));
		return;
	}
	network = registry_find_network(context->registry, name);
	uid = network->uid;
	registry_remove_network(context->registry, network);
	network_free(network);
	registry_forget_user(context->registry, uid);
}

static void delete_again(const struct operation *operation, const struct deed *deed)
{
	const char *name = operation->name;
	const struct string_list names = { &name, 1 };
	struct fault fault = { 0 };
	int r;

	if (deed->rehearsal) {
		forget(operation, deed, name);
		return;
	}
	r = operation->is_network ? networks_delete(deed, &names, &fault)
				  : deletion_run(deed, &names, true, &fault);
	say(operation, deed, name, r, &fault);
}

/* It was made on the way, and is nobody's: so whoever made it may delete it. */
static void delete_default(const struct deed *deed)
{
	const struct operation operation = { .is_network = true, .name = METHODS_DEFAULT_NETWORK };
	struct deed everybody = *deed;

	everybody.caller.is_administrator = true;
	delete_again(&operation, &everybody);
}

static void set_again(const struct operation *operation, const struct deed *deed)
{
	struct operation back = *operation;
	struct deed whole = *deed;
	struct string_list fields;
	struct fault fault = { 0 };

	whole.replaces = true;
	back.wish = operation->before[0];
	/* A rehearsal has left a namespace, and a network that something is attached to, as it was. */
	whole.skips_equal = true;
	say(operation, deed, operation->name, set(&back, &whole, &fields, &fault), &fault);
}

static void create_again(const struct operation *operation, const struct deed *deed)
{
	for (size_t i = 0; i < operation->names.n && !deed->rehearsal; i++) {
		const struct operation back = { .is_network = operation->is_network,
			.name = operation->names.items[i],
			.wish = operation->before[i] };
		struct fault fault = { 0 };

		say(&back, deed, back.name, create(&back, deed, &fault), &fault);
	}
}

void operation_take_back(const struct operation *operation, const struct deed *deed)
{
	if (operation->is_done)
		switch (operation->action) {
		case NSNET_ACTION_CREATE:
			delete_again(operation, deed);
			break;
		case NSNET_ACTION_UPDATE:
			set_again(operation, deed);
			break;
		case NSNET_ACTION_DELETE:
			create_again(operation, deed);
			break;
		case NSNET_ACTION_UNSET:
			abort();
		}
	if (operation->made_default)
		delete_default(deed);
}
