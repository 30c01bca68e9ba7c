# Tests of the floors server and log, against a little interface of their own.

# Dynamic scope: interface() writes to what is called "generated" here.
function(example_interface)
	set(generated ${CMAKE_CURRENT_BINARY_DIR}/generated)
	file(MAKE_DIRECTORY ${generated})
	interface(example unit/example.varlink example)
	add_library(example STATIC unit/example_methods.c ${generated}/example.c ${generated}/example_handlers.c)
	add_dependencies(example generate-example)
	target_include_directories(example PUBLIC ${generated} ${CMAKE_CURRENT_FUNCTION_LIST_DIR})
	target_link_libraries(example PUBLIC server)
endfunction()
example_interface()

unit_test(test_server SOURCES unit/test_server.c unit/server_world.c DEPENDS example)
unit_test(test_server_bounds SOURCES unit/test_server_bounds.c unit/server_world.c DEPENDS example)
unit_test(test_server_frames SOURCES unit/test_server_frames.c unit/server_world.c DEPENDS example)
unit_test(test_server_watch SOURCES unit/test_server_watch.c unit/server_world.c DEPENDS example)
unit_test(test_server_path SOURCES unit/test_server_path.c unit/server_world.c DEPENDS example)
target_link_options(test_server_path PRIVATE -Wl,--wrap=bind)
unit_test(test_connection SOURCES unit/test_connection.c DEPENDS example)
unit_test(test_dispatch SOURCES unit/test_dispatch.c DEPENDS example)
unit_test(test_log SOURCES unit/test_log.c DEPENDS log)

# The kernel never answers wrongly by itself.
unit_test(test_peer SOURCES unit/test_peer.c DEPENDS server)
target_link_options(test_peer PRIVATE -Wl,--wrap=getsockopt)
