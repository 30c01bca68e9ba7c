# Debian packages, "cpack -G DEB": nsnetd and nsnetctl, of the files that "cmake --install" installs, each with the documents
# that Debian wants. What a package needs of libraries is told by dpkg-shlibdeps.
set(package_directory ${CMAKE_CURRENT_LIST_DIR})

string(TIMESTAMP package_date "%a, %d %b %Y %H:%M:%S +0000" UTC)
set(NSNET_MAINTAINER "The authors of nsnetd <nsnetd@example.org>" CACHE STRING "who answers for the packages")

foreach(package nsnetd nsnetctl)
	set(document ${CMAKE_BINARY_DIR}/package/${package})
	configure_file(${package_directory}/changelog.in ${document}/changelog @ONLY)
	add_custom_command(
		OUTPUT ${document}/changelog.gz
		COMMAND ${GZIP} -9n <${document}/changelog >${document}/changelog.gz
		DEPENDS ${document}/changelog)
	add_custom_target(${package}-changelog ALL DEPENDS ${document}/changelog.gz)
	install(FILES ${document}/changelog.gz ${package_directory}/copyright
		DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package} COMPONENT ${package})
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_COMPONENTS_ALL nsnetd nsnetctl)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
	OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PACKAGE_VENDOR nsnet)
# Each has a description of its own.
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER ${NSNET_MAINTAINER})
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)

set(CPACK_DEBIAN_NSNETD_PACKAGE_NAME nsnetd)
set(CPACK_COMPONENT_NSNETD_DESCRIPTION
"named network namespaces for everyone on the host
The daemon makes network namespaces with addresses, routes and names, and
networks that join them, for root and for the members of a group. A change
is made whole or taken back whole, deleting leaves nothing, and namespaces
outlive the daemon. ip netns, nsenter and NetworkNamespacePath= of systemd
can use them.")
# Units of it call nsnetctl; systemd-sysusers makes the groups. With dnsmasq networks have name servers.
set(CPACK_DEBIAN_NSNETD_PACKAGE_DEPENDS
	"nsnetctl (>= ${PROJECT_VERSION}), systemd | systemd-standalone-sysusers | systemd-sysusers, systemd | systemd-standalone-tmpfiles | systemd-tmpfiles")
set(CPACK_DEBIAN_NSNETD_PACKAGE_RECOMMENDS "dnsmasq-base, systemd")
set(CPACK_DEBIAN_NSNETD_PACKAGE_CONTROL_EXTRA
	${package_directory}/postinst ${package_directory}/prerm ${package_directory}/postrm ${package_directory}/conffiles)

set(CPACK_DEBIAN_NSNETCTL_PACKAGE_NAME nsnetctl)
set(CPACK_COMPONENT_NSNETCTL_DESCRIPTION
"command line of the network namespace daemon
nsnetctl makes, lists, changes and deletes the network namespaces and networks
of nsnetd, runs commands inside, brings about what a file declares, and tells
what is in the way from inside a namespace to the outside.")
# Tables are printed with a library that is loaded when there is one to print.
set(CPACK_DEBIAN_NSNETCTL_PACKAGE_DEPENDS libsmartcols1)
set(CPACK_DEBIAN_NSNETCTL_PACKAGE_RECOMMENDS nsnetd)

# The units name the programs by the prefix that the build was made for.
set(CPACK_PACKAGING_INSTALL_PREFIX ${CMAKE_INSTALL_PREFIX})
include(CPack)
