/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * turns - all that takes longer than one call, and goes on while others are served
 */
#include "turns.h"

#include "apply.h"
#include "deletion.h"
#include "diagnose.h"

bool turns_work(struct nsnet_context *context)
{
	bool has_more = applies_work(context);

	has_more = deletions_work(context) || has_more;
	return diagnose_work(context) || has_more;
}

void turns_finish(struct nsnet_context *context)
{
	applies_finish(context);
	deletions_finish(context);
	diagnose_finish(context);
}
