# What cmake --install puts where: headers, libraries, daemon, leat.pc and the
# package for find_package(leat). All of it may be moved as a whole.
include(CMakePackageConfigHelpers)

set(LEAT_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/leat)

install(DIRECTORY include/leat DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS leat_static EXPORT leat-targets)
foreach(target leat leatd leat_tool)
    if(target STREQUAL "leat" AND TARGET leat)
        install(TARGETS leat EXPORT leat-targets)
    elseif(TARGET ${target})
        install(TARGETS ${target})
    endif()
endforeach()

install(EXPORT leat-targets NAMESPACE leat:: DESTINATION ${LEAT_CMAKE_DIR})
configure_package_config_file(cmake/leatConfig.cmake.in leatConfig.cmake
    INSTALL_DESTINATION ${LEAT_CMAKE_DIR})
write_basic_package_version_file(leatConfigVersion.cmake
    COMPATIBILITY SameMajorVersion)
install(FILES ${PROJECT_BINARY_DIR}/leatConfig.cmake
    ${PROJECT_BINARY_DIR}/leatConfigVersion.cmake
    DESTINATION ${LEAT_CMAKE_DIR})

# leat.pc finds the prefix from where it lies itself, unless the library
# directory was given as an absolute path.
set(LEAT_PC_DIR ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
if(IS_ABSOLUTE ${CMAKE_INSTALL_LIBDIR})
    set(LEAT_PC_PREFIX ${CMAKE_INSTALL_PREFIX})
else()
    file(RELATIVE_PATH up /prefix/${LEAT_PC_DIR} /prefix)
    string(REGEX REPLACE "/$" "" up "${up}")
    set(LEAT_PC_PREFIX "\${pcfiledir}/${up}")
endif()
foreach(kind INCLUDE LIB)
    set(LEAT_PC_${kind}DIR ${CMAKE_INSTALL_${kind}DIR})
    if(NOT IS_ABSOLUTE ${LEAT_PC_${kind}DIR})
        set(LEAT_PC_${kind}DIR "\${prefix}/${LEAT_PC_${kind}DIR}")
    endif()
endforeach()
configure_file(cmake/leat.pc.in leat.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/leat.pc DESTINATION ${LEAT_PC_DIR})
