# SPDX-License-Identifier: LGPL-2.1-or-later
# nsnetctl - completion for fish: nsnetctl itself knows what can follow
function __nsnetctl_words
	set -l words (commandline --current-process --tokenize --cut-at-cursor)
	set -l current (commandline --current-token --cut-at-cursor)
	set -l program $words[1]
	set -e words[1]
	for line in ($program complete -- $words "$current" 2>/dev/null)
		switch $line
			case ':files'
				__fish_complete_path "$current"
			case ':directories'
				__fish_complete_directories "$current"
			case ':commands'
				__fish_complete_command
			case '*'
				echo $line
		end
	end
end
complete --command nsnetctl --no-files --arguments '(__nsnetctl_words)'
