#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# test_completion - the command line completed by bash, zsh and fish, with the names of what there is
#
#     test_completion.sh NSNETD NSNETCTL
. "$(dirname "$0")/sandbox.sh"
files=$(cd "$(dirname "$0")/../../client/completion" && pwd)
cd $work || exit 1
touch lab.json
export HOME=$work

# What each shell makes of a line whose end was asked for, in a line, sorted. The shell begins with no file of the user's.
bash_makes() { # LINE
	# What Readline takes for the word begins behind a blank, "=" or ":".
	bash --norc -c 'source '"$files"'/nsnetctl; COMP_LINE=$1 COMP_POINT=${#1}; word=${1##*[ =:]}
		_nsnetctl nsnetctl "$word"; printf "%s\n" "${COMPREPLY[@]}"' - "$1" | sort | xargs
}
# fish prints what the whole word would be.
fish_makes() {
	fish --no-config -c "source $files/nsnetctl.fish; complete --do-complete \$argv[1]" "$1" | cut -f1 | sed 's/^--[a-z]*=//' | sort | xargs
}
# zsh completes on a terminal alone: it is given one, types the line there, and writes down what was added.
zsh_makes() {
	rm -f candidates
	zsh -f -c '
		zmodload zsh/zpty zsh/zselect
		zpty shell zsh -f -i
		zpty -w shell "fpath=($1 \$fpath); autoload -Uz compinit; compinit -u -D
			compadd() { local -a w; builtin compadd -O w \"\$@\"; print -rl -- \$w >>candidates; builtin compadd \"\$@\" }
			ask() { zle complete-word; print -r -- : >>candidates }; zle -N ask; bindkey ^T ask; print ready-\$((1 + 1))"
		while zpty -r shell answer && [[ $answer != *ready-2* ]]; do :; done
		zpty -n -w shell "$2"$'"'\\x14'"'
		repeat 500; do grep -q "^:$" candidates 2>/dev/null && break; zselect -t 2; done
		zpty -d shell' - "$files" "$1" >/dev/null 2>&1
	grep -qx : candidates || echo "zsh did not answer"
	sort -u candidates | sed '/^$/d; /^:$/d' | xargs
}
# completes WHAT WANTED LINE: by all three
completes() {
	for shell in bash fish zsh; do
		equal "$1, in $shell" "$2" "$("${shell}_makes" "$3")"
	done
}

daemon_start
check "something to name" sh -c 'nsnetctl network create lab --subnet 10.50.1.0/24 && nsnetctl create alpha --network lab &&
	nsnetctl create beta --network lab && nsnetctl create alpine --network lab'

completes "a verb" "call check create" "nsnetctl c"
completes "a verb of a noun" "list" "nsnetctl network l"
completes "a verb to be told of" "monitor" "nsnetctl help mo"
completes "an option" "--reach" "nsnetctl network create --re"
completes "its value" "internal nat route" "nsnetctl network create --reach "
completes "a namespace" "alpha alpine" "nsnetctl delete al"
completes "a further one" "beta" "nsnetctl show alpha b"
completes "a network" "lab" "nsnetctl network set l"
completes "behind an option with a value" "beta" "nsnetctl --timeout 5 delete b"
completes "the network of a setting" "lab none" "nsnetctl create new --network "
completes "a file" "lab.json" "nsnetctl apply la"
completes "a command" "nsnetctl" "nsnetctl exec alpha nsnetc"
completes "what nobody can know" "" "nsnetctl create "
completes "behind what is no verb" "" "nsnetctl frobnicate al"
equal "a value behind its sign" "nat" "$(bash_makes "nsnetctl network create --reach=na")"
equal "and in fish" "nat" "$(fish_makes "nsnetctl network create --reach=na")"
equal "a network to be added" "+lab	network" "$(nsnetctl complete -- set alpha --network +l)"
equal "a letter with its value" "" "$(nsnetctl complete -- create x -p 8)"
equal "and behind it" "--publish" "$(nsnetctl complete -- create x -p 80 --pub | cut -f1)"
check "no daemon is asked for words" env NSNETD_SOCKET=/nowhere sh -c 'test "$(nsnetctl complete -- del | cut -f1)" = delete'
same "without one there are no names, and no complaint" "" env NSNETD_SOCKET=/nowhere nsnetctl complete -- delete ""
nsnetctl set beta --description "$(printf 'two\n:files\tlines')" 2>/dev/null
same "a description stays on its line" 1 sh -c 'nsnetctl complete -- show b | wc -l'
finish
