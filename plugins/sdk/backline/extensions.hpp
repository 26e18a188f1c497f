// SPDX-FileCopyrightText: 2026 The backline authors
// SPDX-License-Identifier: MIT
#pragma once

/// @file
/// Mix-ins for the extensions of the ABI: derive from them beside `sdk::Plugin` and the plugin
/// offers the extension.

#include <algorithm>
#include <backline/file.h>
#include <backline/state.h>
#include <cstring>
#include <exception>
#include <memory>
#include <stdexcept>
#include <utility>

namespace backline::sdk {

/// For plugins with parameters of scale BL_SCALE_FILE; Object is what a file is opened into.
/// Ownership travels as unique_ptr, so whatever is in place at destruction is freed with the
/// plugin.
template <class Object>
class Files {
  public:
    using FileObject = Object; ///< tells the SDK that T has files

    /// Opens and prepares `path` for the last activate(); throws with the reason.
    /// [loader & active]
    virtual std::unique_ptr<Object> open(uint32_t param, const char* path) = 0;
    /// Puts `next` (or none) in place and returns the one that was there: swap pointers, free
    /// nothing. [audio & active]
    virtual std::unique_ptr<Object> install(uint32_t param,
                                            std::unique_ptr<Object> next) noexcept = 0;
    /// Ends an object that is no longer in place; frees it if not overridden. [loader]
    virtual void close(uint32_t /*param*/, std::unique_ptr<Object> /*object*/) noexcept {}

  protected:
    ~Files() = default;
};

/// For plugins with state beyond parameters and files.
class State {
  public:
    /// Where save() writes.
    class Writer {
      public:
        /// Over the host's writer.
        explicit Writer(const bl_state_writer& writer) noexcept : writer_(&writer) {}
        /// Appends bytes; throws when they cannot be kept.
        void write(const void* bytes, size_t size) {
            if (!writer_->write(writer_, bytes, size))
                throw std::runtime_error("state could not be written");
        }

      private:
        const bl_state_writer* writer_;
    };
    /// Where load() reads.
    class Reader {
      public:
        /// Over the host's reader.
        explicit Reader(const bl_state_reader& reader) noexcept : reader_(&reader) {}
        /// Reads up to `size` bytes; returns how many, 0 at the end.
        size_t read(void* bytes, size_t size) { return reader_->read(reader_, bytes, size); }

      private:
        const bl_state_reader* reader_;
    };

    /// Writes the state; throws on failure. [loader]
    virtual void save(Writer& writer) = 0;
    /// Reads it back; throws, with the instance as before, on failure. [loader & !active]
    virtual void load(Reader& reader) = 0;

  protected:
    ~State() = default;
};

template <class T>
struct Abi;

/// The C functions of BL_EXT_FILE for plugin type T, derived from Files.
template <class T>
inline constexpr bl_ext_file file_table{
    sizeof(bl_ext_file), 0,
    [](const bl_plugin* self, uint32_t param, const char* path, char* error,
       size_t error_size) noexcept -> void* {
        const auto fail = [=](const char* reason) -> void* {
            if (error_size > 0) {
                const size_t length = std::min(std::strlen(reason), error_size - 1);
                std::memcpy(error, reason, length);
                error[length] = '\0';
            }
            return nullptr;
        };
        try {
            auto object = Abi<T>::of(self).open(param, path);
            return object ? object.release() : fail("the file could not be opened");
        } catch (const std::exception& e) {
            return fail(e.what());
        } catch (...) {
            return fail("unknown exception");
        }
    },
    [](const bl_plugin* self, uint32_t param, void* object) noexcept -> void* {
        using Object = typename T::FileObject;
        return Abi<T>::of(self)
            .install(param, std::unique_ptr<Object>(static_cast<Object*>(object)))
            .release();
    },
    [](const bl_plugin* self, uint32_t param, void* object) noexcept {
        using Object = typename T::FileObject;
        Abi<T>::of(self).close(param, std::unique_ptr<Object>(static_cast<Object*>(object)));
    }};

/// The C functions of BL_EXT_STATE for plugin type T, derived from State.
template <class T>
inline constexpr bl_ext_state state_table{
    sizeof(bl_ext_state), 0,
    [](const bl_plugin* self, const bl_state_writer* writer) noexcept -> bl_status {
        return Abi<T>::guarded(self, [writer](T& t) {
            State::Writer to(*writer);
            t.save(to);
        });
    },
    [](const bl_plugin* self, const bl_state_reader* reader) noexcept -> bl_status {
        return Abi<T>::guarded(self, [reader](T& t) {
            State::Reader from(*reader);
            t.load(from);
        });
    }};

} // namespace backline::sdk
