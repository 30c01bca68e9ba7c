/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * nothing - does nothing: what it costs to start a program, linked statically, and to see it end
 */
int main(void)
{
	return 0;
}
