/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * maker - what the parts of making a namespace share: namespace.c, attachment.c and publication.c
 */
#pragma once

#include "namespace.h"

struct maker {
	struct ns *ns;
	const struct namespace_host *host;
	struct arena *arena; /* of what reterr says */
	struct fault *fault;
};

static inline int fault_parameter(const struct maker *maker, const char *field)
{
	return fault_set(maker->fault, &(struct fault){ .type = FAULT_PARAMETER, .field = field });
}

/* "context.routes[2].gateway"; field may be NULL. */
static inline const char *element(
	const struct maker *maker, const char *list, size_t i, const char *field)
{
	return arena_printf(
		maker->arena, "context.%s[%zu]%s%s", list, i, field ? "." : "", field ? field : "");
}

/* Each 0, or 1: it cannot be. What was taken before is given back by namespace_free(). */
int attachment_make_all(const struct maker *maker, const struct nsnet_attachment_list *wishes);
int publication_make_all(const struct maker *maker, const struct nsnet_port_list *wishes);
