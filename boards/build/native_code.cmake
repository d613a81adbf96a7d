# Every board includes this: its frozen native code has to lie on words (native_code_on_words.h says why). The header
# comes behind those that the frozen modules include, and before the modules.
set_source_files_properties(
    ${CMAKE_BINARY_DIR}/frozen_content.c
    PROPERTIES COMPILE_OPTIONS "-include;${CMAKE_CURRENT_LIST_DIR}/native_code_on_words.h"
)
