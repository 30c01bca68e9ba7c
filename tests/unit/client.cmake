# Tests of nsnetctl: its parts, and entering for real.

unit_test(test_client_call SOURCES unit/test_client_call.c unit/client_world.c DEPENDS client)
unit_test(test_client_check SOURCES unit/test_client_check.c DEPENDS client)
unit_test(test_client_etc SOURCES unit/test_client_etc.c DEPENDS client)
unit_test(test_client_explain SOURCES unit/test_client_explain.c DEPENDS client)
unit_test(test_client_options SOURCES unit/test_client_options.c DEPENDS client)
unit_test(test_client_settings SOURCES unit/test_client_settings.c DEPENDS client)
unit_test(test_client_verbs SOURCES unit/test_client_verbs.c unit/client_world.c DEPENDS client)

add_test(NAME test_exec COMMAND ${PROJECT_SOURCE_DIR}/tests/kernel/test_exec.sh $<TARGET_FILE:nsnetctl>)
set_tests_properties(test_exec PROPERTIES LABELS kernel TIMEOUT 120)

# run asks the daemon.
add_test(NAME test_run
	COMMAND ${PROJECT_SOURCE_DIR}/tests/kernel/test_run.sh $<TARGET_FILE:nsnetd> $<TARGET_FILE:nsnetctl>)
set_tests_properties(test_run PROPERTIES LABELS kernel TIMEOUT 120)
