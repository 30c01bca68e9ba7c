# Tests of the floor protocol that need no interface of their own.
unit_test(test_text SOURCES test_text.c DEPENDS protocol-base PkgConfig::jsonc)
unit_test(test_idl SOURCES test_idl.c DEPENDS protocol-base)
unit_test(test_wire SOURCES test_wire.c wire_world.c DEPENDS protocol-base)
unit_test(test_wire_out SOURCES test_wire_out.c wire_world.c DEPENDS protocol-base)
