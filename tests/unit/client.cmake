# Tests of nsnetctl: its parts, and entering for real.

unit_test(test_client_apply SOURCES unit/test_client_apply.c unit/client_world.c DEPENDS client)
unit_test(test_client_call SOURCES unit/test_client_call.c unit/client_world.c DEPENDS client)
unit_test(test_client_check SOURCES unit/test_client_check.c DEPENDS client)
unit_test(test_client_diagnose SOURCES unit/test_client_diagnose.c unit/client_world.c DEPENDS client)
unit_test(test_client_edits SOURCES unit/test_client_edits.c DEPENDS client)
unit_test(test_client_etc SOURCES unit/test_client_etc.c DEPENDS client)
unit_test(test_client_explain SOURCES unit/test_client_explain.c DEPENDS client)
unit_test(test_client_monitor SOURCES unit/test_client_monitor.c unit/client_world.c DEPENDS client)
unit_test(test_client_complete SOURCES unit/test_client_complete.c unit/client_world.c DEPENDS client)
unit_test(test_client_options SOURCES unit/test_client_options.c DEPENDS client)
unit_test(test_client_set SOURCES unit/test_client_set.c unit/client_world.c DEPENDS client)
unit_test(test_client_settings SOURCES unit/test_client_settings.c DEPENDS client)
unit_test(test_client_table SOURCES unit/test_client_table.c unit/client_world.c DEPENDS client)
unit_test(test_client_units SOURCES unit/test_client_units.c DEPENDS client)
unit_test(test_client_verbs SOURCES unit/test_client_verbs.c unit/client_world.c DEPENDS client)

# Namespaces that belong to users, without a daemon.
add_executable(make_owned ${PROJECT_SOURCE_DIR}/tests/kernel/make_owned.c)
target_link_libraries(make_owned PRIVATE flags kernel)

# Entering for real. exec_test(NAME SCRIPT ARGUMENT …)
function(exec_test name script)
	add_test(NAME ${name} COMMAND ${PROJECT_SOURCE_DIR}/tests/kernel/${script} ${ARGN})
	set_tests_properties(${name} PROPERTIES LABELS kernel TIMEOUT 300)
endfunction()

exec_test(test_exec test_exec.sh $<TARGET_FILE:nsnetctl>)
exec_test(test_owner_exec test_owner_exec.sh $<TARGET_FILE:nsnetctl> $<TARGET_FILE:make_owned>)
exec_test(test_manual test_manual.sh $<TARGET_FILE:nsnetd> $<TARGET_FILE:nsnetctl>)
exec_test(test_run test_run.sh $<TARGET_FILE:nsnetd> $<TARGET_FILE:nsnetctl>)
exec_test(test_terminal test_terminal.py $<TARGET_FILE:nsnetctl> $<TARGET_FILE:nsnetd>)
