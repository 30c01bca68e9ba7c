/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * service - org.varlink.service: what every Varlink service tells of itself
 */
#include "service.h"
#include "varlink_service_handlers.h"

void service_add(struct dispatch *dispatch, struct varlink_service_context *context)
{
	dispatch_add(dispatch, &(struct server_interface){
				       .interface = &varlink_service_interface,
				       .handlers = varlink_service_handlers,
				       .userdata = context,
			       });
}

int varlink_service_on_get_info(struct varlink_service_context *context, struct call *call,
	unused const struct varlink_service_get_info_in *in)
{
	const struct dispatch *dispatch = context->dispatch;
	struct string_list interfaces = {
		.items = arena_array(call_arena(call), dispatch->n, sizeof(char *)),
		.n = dispatch->n,
	};

	for (size_t i = 0; i < dispatch->n; i++)
		interfaces.items[i] = dispatch->interfaces[i].interface->name;
	return varlink_service_reply_get_info(call, &(struct varlink_service_get_info_out){
							    .vendor = context->info->vendor,
							    .product = context->info->product,
							    .version = context->info->version,
							    .url = context->info->url,
							    .interfaces = interfaces,
						    });
}

int varlink_service_on_get_interface_description(struct varlink_service_context *context,
	struct call *call, const struct varlink_service_get_interface_description_in *in)
{
	const struct server_interface *served =
		dispatch_find(context->dispatch, in->interface, strlen(in->interface));

	if (!served)
		return varlink_service_fail_interface_not_found(
			call, &(struct varlink_service_interface_not_found){
				      .interface = in->interface });
	return varlink_service_reply_get_interface_description(
		call, &(struct varlink_service_get_interface_description_out){
			      .description = served->interface->description });
}
