/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * list - doubly linked rings through links embedded in what is listed
 *
 * The owner of the ring stands in a comment on the link: struct list link; (registry.all)
 */
#pragma once

#include "base.h"

struct list {
	struct list *next, *previous;
};

static inline void list_init(struct list *head)
{
	head->next = head->previous = head;
}

static inline bool list_is_empty(const struct list *head)
{
	return head->next == head;
}

static inline void list_append(struct list *head, struct list *link)
{
	link->previous = head->previous;
	link->next = head;
	head->previous->next = link;
	head->previous = link;
}

/* Takes a link out of its ring; a link that is in none (made by list_init) stays so. */
static inline void list_remove(struct list *link)
{
	link->previous->next = link->next;
	link->next->previous = link->previous;
	list_init(link);
}

#define list_entry(link, type, member) container_of(link, type, member)

/* The current element may be removed while the loop runs. */
#define list_foreach(head, type, member, name) \
	for (struct list * name##_next_, *name##_link_ = (head)->next; \
		name##_next_ = name##_link_->next, name##_link_ != (head); \
		name##_link_ = name##_next_) \
		for (type *name = list_entry(name##_link_, type, member); name; name = NULL)
