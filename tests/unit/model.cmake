# Tests of the codec, the model, the methods and the configuration: the fake kernel, no privilege.
unit_test(test_codec SOURCES unit/test_codec.c DEPENDS protocol)
unit_test(test_address SOURCES unit/test_address.c DEPENDS model)
unit_test(test_model SOURCES unit/test_model.c DEPENDS model)
unit_test(test_difference SOURCES unit/test_difference.c DEPENDS fake-kernel)
unit_test(test_methods SOURCES unit/test_methods.c unit/methods_world.c DEPENDS methods fake-kernel)
unit_test(test_methods_faults SOURCES unit/test_methods_faults.c unit/methods_world.c DEPENDS methods fake-kernel)
unit_test(test_methods_members SOURCES unit/test_methods_members.c unit/methods_world.c DEPENDS methods fake-kernel)
unit_test(test_config SOURCES unit/test_config.c DEPENDS manager fake-kernel)
add_test(NAME test_idlc
	COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_idlc.sh $<TARGET_FILE:idlc>)
set_tests_properties(test_idlc PROPERTIES LABELS unit)
