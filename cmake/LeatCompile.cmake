# leat_compile(target): C11, hidden symbols, warnings, hardening, sanitizers.
include(CheckCCompilerFlag)
include(CheckPIESupported)

set(LEAT_COMPILE_OPTIONS
    -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Wformat=2 -Wvla
    -Wcast-qual -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith
    -Wundef)
# Without asserts, what only they used is unused; debug builds see the rest.
foreach(warning unused-function unused-variable unused-but-set-variable)
    list(APPEND LEAT_COMPILE_OPTIONS $<$<NOT:$<CONFIG:Debug>>:-Wno-${warning}>)
endforeach()
set(LEAT_LINK_OPTIONS)
if(LEAT_WERROR)
    list(APPEND LEAT_COMPILE_OPTIONS -Werror)
endif()

if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_BUILD_TYPE
        AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

# Add each flag that the compiler knows. A flag that is only warned about
# counts as unknown.
function(leat_add_known_flags)
    set(CMAKE_REQUIRED_FLAGS "-Werror -O2")
    foreach(flag IN LISTS ARGN)
        string(MAKE_C_IDENTIFIER "LEAT_HAS${flag}" known)
        check_c_compiler_flag(${flag} ${known})
        if(${known})
            list(APPEND LEAT_COMPILE_OPTIONS ${flag})
        endif()
    endforeach()
    set(LEAT_COMPILE_OPTIONS ${LEAT_COMPILE_OPTIONS} PARENT_SCOPE)
endfunction()

# The fortify level needs a header to be seen: glibc warns there about a level
# that it does not have for this compiler.
function(leat_find_fortify_level)
    include(CheckCSourceCompiles)
    set(CMAKE_REQUIRED_FLAGS "-Werror -O2")
    set(CMAKE_REQUIRED_DEFINITIONS -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
    check_c_source_compiles(
        "#include <string.h>\nint main(void) { return 0; }" LEAT_HAS_FORTIFY_3)
endfunction()

if(LEAT_HARDEN)
    leat_add_known_flags(-fstack-protector-strong -fstack-clash-protection
        -fcf-protection=full -fzero-call-used-regs=used-gpr
        -fno-delete-null-pointer-checks -fno-strict-overflow
        -ftrivial-auto-var-init=zero)
    if(NOT LEAT_HAS_ftrivial_auto_var_init_zero)
        leat_add_known_flags(-ftrivial-auto-var-init=pattern)
    endif()
    leat_find_fortify_level()
    if(LEAT_HAS_FORTIFY_3)
        list(APPEND LEAT_COMPILE_OPTIONS -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
    else()
        list(APPEND LEAT_COMPILE_OPTIONS -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
    endif()
    if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
        list(APPEND LEAT_LINK_OPTIONS -Wl,-z,relro,-z,now
            -Wl,-z,noexecstack,-z,separate-code)
    endif()
endif()

# A message crosses a dozen small files: this takes a third of the instructions
# away. Fat objects are for those who link the library without it.
if(LEAT_LTO AND NOT CMAKE_C_COMPILER_ID STREQUAL "GNU")
    message(STATUS "LEAT_LTO is for GCC: not used")
    set(LEAT_LTO OFF)
elseif(LEAT_LTO)
    list(APPEND LEAT_COMPILE_OPTIONS -flto=auto -ffat-lto-objects)
    list(APPEND LEAT_LINK_OPTIONS -flto=auto)
endif()

if(LEAT_SANITIZE)
    list(APPEND LEAT_COMPILE_OPTIONS -fsanitize=${LEAT_SANITIZE}
        -fno-sanitize-recover=all -fno-omit-frame-pointer)
    list(APPEND LEAT_LINK_OPTIONS -fsanitize=${LEAT_SANITIZE})
endif()

check_pie_supported(LANGUAGES C)

function(leat_compile target)
    set_target_properties(${target} PROPERTIES
        C_STANDARD 11 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF
        C_VISIBILITY_PRESET hidden POSITION_INDEPENDENT_CODE ON)
    target_compile_definitions(${target} PRIVATE _GNU_SOURCE)
    target_compile_options(${target} PRIVATE ${LEAT_COMPILE_OPTIONS})
    target_link_options(${target} PRIVATE ${LEAT_LINK_OPTIONS})
endfunction()
