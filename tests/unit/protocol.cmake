# Tests of the floor protocol that need no interface of their own.
unit_test(test_text SOURCES unit/test_text.c DEPENDS protocol-base PkgConfig::jsonc)
unit_test(test_idl SOURCES unit/test_idl.c DEPENDS protocol-base)
unit_test(test_wire SOURCES unit/test_wire.c unit/wire_world.c DEPENDS protocol-base)
unit_test(test_wire_out SOURCES unit/test_wire_out.c unit/wire_world.c DEPENDS protocol-base)

# The schema of topologies, against the interface that it is made of.
get_target_property(schemas protocol GENERATED_DIRECTORY)
add_test(NAME test_schema
	COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_schema.py ${PROJECT_SOURCE_DIR}/protocol/alt.nsnet.varlink
		${schemas}/topology.schema.json ${PROJECT_SOURCE_DIR}/client/nsnet-topology.5 $<TARGET_FILE:idl_schema>)
# Of the sources: it needs python3, which a system that only builds and runs does not have.
set_tests_properties(test_schema PROPERTIES LABELS style TIMEOUT 60)
