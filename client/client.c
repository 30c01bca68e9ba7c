/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * client - what several verbs do with the words they got
 */
#include "client.h"

#include <fnmatch.h>

#include "check.h"

int client_check_names(struct client *client, const char *what)
{
	for (size_t i = 0; i < client->n_words; i++) {
		if (!check_is_name(client->words[i]))
			return problem_usage(&client->problem, "\"%s\" cannot name a %s",
				client->words[i], what);
	}
	return 0;
}

bool client_wants(const struct client *client, const char *name)
{
	for (size_t i = 0; i < client->n_words; i++) {
		if (fnmatch(client->words[i], name, 0) == 0)
			return true;
	}
	return client->n_words == 0;
}

int client_allow_nothing(struct client *client, int result, const char *error)
{
	if (result == 0 || !call_found_nothing(&client->problem, error))
		return result;
	problem_clear(&client->problem);
	return 0;
}
