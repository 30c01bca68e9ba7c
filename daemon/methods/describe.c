/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * describe - the daemon, this kernel, and the caller's place in them
 */
#include "methods.h"

int nsnet_on_describe(
	struct nsnet_context *context, struct call *call, const struct nsnet_describe_in *in)
{
	struct policy_caller caller = methods_caller(context, call);
	struct nsnet_describe_out out = {
		.version = context->version,
		.uid = caller.uid,
		.administrator = caller.is_administrator,
	};

	(void)in;
	kernel_features(context->kernel, call_arena(call), &out.features);
	return nsnet_reply_describe(call, &out);
}
