/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * replay - runs every file of the directories given over a fuzz target, where libFuzzer is not there to do it
 *
 * A directory that is missing or empty is a failure: a corpus that is not found must not look like one that passed.
 */
#include <dirent.h>
#include <sys/stat.h>

#include "base.h"
#include "fuzz.h"

static int replay_file(const char *path)
{
	FILE *file = fopen(path, "re");
	autofree uint8_t *data = NULL;
	struct stat st;
	size_t n;

	if (!file || fstat(fileno(file), &st) < 0) {
		perror(path);
		return -1;
	}
	n = (size_t)st.st_size;
	data = malloc(n);
	if ((!data && n > 0) || fread(data, 1, n, file) != n) {
		(void)fprintf(stderr, "%s: cannot be read\n", path);
		(void)fclose(file);
		return -1;
	}
	(void)fclose(file);
	return LLVMFuzzerTestOneInput(data, n);
}

static int replay_directory(const char *directory)
{
	struct dirent **entries;
	int n = scandir(directory, &entries, NULL, alphasort), n_files = 0, r = 0;

	if (n < 0) {
		perror(directory);
		return -1;
	}
	for (int i = 0; i < n; i++) {
		if (entries[i]->d_name[0] != '.' && r == 0) {
			autofree char *path = NULL;

			if (asprintf(&path, "%s/%s", directory, entries[i]->d_name) < 0)
				abort();
			r = replay_file(path);
			n_files++;
		}
		free(entries[i]);
	}
	free(entries);
	if (r == 0 && n_files == 0) {
		(void)fprintf(stderr, "%s: no files\n", directory);
		return -1;
	}
	(void)printf("%s: %d files\n", directory, n_files);
	return r;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		(void)fprintf(stderr, "usage: %s DIRECTORY...\n", argv[0]);
		return 2;
	}
	for (int i = 1; i < argc; i++)
		if (replay_directory(argv[i]) < 0)
			return EXIT_FAILURE;
	return EXIT_SUCCESS;
}
