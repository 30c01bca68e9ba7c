# Tests of the codec, the model, the methods and the configuration: the fake kernel, no privilege.
unit_test(test_codec SOURCES unit/test_codec.c DEPENDS protocol)
unit_test(test_address SOURCES unit/test_address.c DEPENDS model)
unit_test(test_dns SOURCES unit/test_dns.c DEPENDS model)
unit_test(test_fault SOURCES unit/test_fault.c DEPENDS model)
unit_test(test_model SOURCES unit/test_model.c DEPENDS model)
unit_test(test_plan SOURCES unit/test_plan.c DEPENDS model)
unit_test(test_publish SOURCES unit/test_publish.c DEPENDS model)
unit_test(test_setting SOURCES unit/test_setting.c DEPENDS model)
unit_test(test_shape SOURCES unit/test_shape.c DEPENDS model)
unit_test(test_difference SOURCES unit/test_difference.c DEPENDS fake-kernel)
unit_test(test_methods SOURCES unit/test_methods.c unit/methods_world.c DEPENDS methods fake-kernel)
unit_test(test_methods_apply SOURCES unit/test_methods_apply.c unit/methods_world.c DEPENDS methods fake-kernel)
unit_test(test_methods_faults SOURCES unit/test_methods_faults.c unit/methods_world.c DEPENDS methods fake-kernel)
unit_test(test_methods_members SOURCES unit/test_methods_members.c unit/methods_world.c DEPENDS methods fake-kernel)
unit_test(test_methods_monitor SOURCES unit/test_methods_monitor.c unit/methods_world.c DEPENDS methods fake-kernel)
unit_test(test_methods_set SOURCES unit/test_methods_set.c unit/methods_world.c DEPENDS methods fake-kernel)
unit_test(test_methods_persistent SOURCES unit/test_methods_persistent.c unit/methods_world.c DEPENDS methods fake-kernel)
unit_test(test_repair SOURCES unit/test_repair.c unit/methods_world.c DEPENDS methods fake-kernel)
unit_test(test_host SOURCES unit/test_host.c unit/methods_world.c DEPENDS methods fake-kernel)
unit_test(test_resume SOURCES unit/test_resume.c unit/methods_world.c DEPENDS manager methods fake-kernel)
unit_test(test_revive SOURCES unit/test_revive.c unit/methods_world.c DEPENDS manager methods fake-kernel)
unit_test(test_config SOURCES unit/test_config.c DEPENDS manager fake-kernel)
add_test(NAME test_idlc
	COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_idlc.sh $<TARGET_FILE:idlc>)
set_tests_properties(test_idlc PROPERTIES LABELS unit)
add_test(NAME test_idl_schema
	COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_idl_schema.sh $<TARGET_FILE:idl_schema> ${PROJECT_SOURCE_DIR}/protocol/alt.nsnet.varlink)
# It needs python3, as those do.
set_tests_properties(test_idl_schema PROPERTIES LABELS kernel)

# Over a bus of its own.
unit_test(test_names_bus SOURCES unit/test_names_bus.c unit/bus_world.c DEPENDS manager fake-kernel)
target_link_options(test_names_bus PRIVATE -Wl,--wrap=sd_booted -Wl,--wrap=access)
