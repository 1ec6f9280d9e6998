# Third-party libraries. Each becomes PkgConfig::<MODULE NAME IN CAPITALS>, named in LIBS by the one lib that uses it.
# The minimum versions are those of Debian 12.
find_package(PkgConfig REQUIRED)

pkg_check_modules(LIBMICROHTTPD REQUIRED IMPORTED_TARGET libmicrohttpd>=0.9.75)
pkg_check_modules(LIBUV REQUIRED IMPORTED_TARGET libuv>=1.44)
pkg_check_modules(LIBPQ REQUIRED IMPORTED_TARGET libpq>=15)
pkg_check_modules(HIREDIS REQUIRED IMPORTED_TARGET hiredis>=0.14)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson>=2.14)
pkg_check_modules(LIBCURL REQUIRED IMPORTED_TARGET libcurl>=7.88)
pkg_check_modules(OPENSSL REQUIRED IMPORTED_TARGET openssl>=3.0)
pkg_check_modules(LIBJWT REQUIRED IMPORTED_TARGET libjwt>=1.10)
if(BUILD_TESTING)
    pkg_check_modules(CHECK REQUIRED IMPORTED_TARGET check>=0.15)
endif()
