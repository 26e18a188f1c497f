// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/plugin/formats/native.hpp"

#include <cstddef>
#include <utility>

#include <dlfcn.h>
#include <elf.h>
#include <link.h>

namespace backline::plugin::native {

namespace {

[[noreturn]] void refuse(const std::string& reason) {
    throw PluginError("plugin_refused", reason);
}

std::string version(std::uint32_t abi) {
    return std::to_string(abi >> 16) + "." + std::to_string(abi & 0xffffu);
}

/// What the linker says, without the path in front that every reader knows already.
std::string linker_error(const std::string& path) {
    const char* const said = dlerror();
    const std::string text = said != nullptr ? said : "unknown reason";
    const std::string prefix = path + ": ";
    return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

/// Size and type of the object behind an address, from the symbol table: a symbol of the right name
/// need not be an entry.
void check_symbol(const void* address) {
    Dl_info info{};
    const ElfW(Sym)* symbol = nullptr;
    if (dladdr1(address, &info, reinterpret_cast<void**>(const_cast<ElfW(Sym)**>(&symbol)),
                RTLD_DL_SYMENT)
            == 0
        || symbol == nullptr)
        return;
    if (ELF64_ST_TYPE(symbol->st_info) != STT_OBJECT)
        refuse("symbol " BL_ENTRY_SYMBOL " is not a data object");
    if (symbol->st_size < sizeof(bl_entry))
        refuse("symbol " BL_ENTRY_SYMBOL " has " + std::to_string(symbol->st_size)
               + " bytes, which is too small for an entry");
}

} // namespace

Library::Library(void* handle, std::string path) : handle_(handle), path_(std::move(path)) {}

Library::~Library() {
    dlclose(handle_);
}

std::shared_ptr<Library> Library::open(const std::string& path) {
    dlerror();
    void* const handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) refuse("cannot be loaded: " + linker_error(path));
    std::shared_ptr<Library> library(new Library(handle, path));
    void* const symbol = dlsym(handle, BL_ENTRY_SYMBOL);
    if (symbol == nullptr) refuse("no symbol " BL_ENTRY_SYMBOL);
    check_symbol(symbol);
    const auto* const entry = static_cast<const bl_entry*>(symbol);
    if (entry->abi_version >> 16 != BL_ABI_MAJOR)
        refuse("built for ABI " + version(entry->abi_version) + ", this host has "
               + version(BL_ABI_VERSION));
    if (entry->struct_size < sizeof(bl_entry))
        refuse("entry has " + std::to_string(entry->struct_size) + " bytes, expected at least "
               + std::to_string(sizeof(bl_entry)));
    library->entry_ = entry;
    return library;
}

const bl_descriptor* Library::find(std::string_view id) const noexcept {
    for (std::uint32_t i = 0; i < entry_->descriptor_count; ++i)
        if (id == entry_->descriptors[i]->id) return entry_->descriptors[i];
    return nullptr;
}

} // namespace backline::plugin::native
