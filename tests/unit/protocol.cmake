# Tests of the floor protocol that need no interface of their own.
unit_test(test_text SOURCES unit/test_text.c DEPENDS protocol-base PkgConfig::jsonc)
unit_test(test_idl SOURCES unit/test_idl.c DEPENDS protocol-base)
unit_test(test_wire SOURCES unit/test_wire.c unit/wire_world.c DEPENDS protocol-base)
unit_test(test_wire_out SOURCES unit/test_wire_out.c unit/wire_world.c DEPENDS protocol-base)
