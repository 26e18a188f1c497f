# SPDX-FileCopyrightText: 2026 The backline authors
# SPDX-License-Identifier: GPL-3.0-or-later
# Included by CMakeLists.txt: player, level, spectrum and the signal code under them.

backline_test(dsp_spectral test_spectral.cpp LIBS backline_dsp PkgConfig::FFTW)
backline_test(dsp_sound_stream test_sound_stream.cpp
    LIBS backline_dsp PkgConfig::SNDFILE PkgConfig::SAMPLERATE Threads::Threads)

backline_plugin_test(level level)
backline_plugin_test(spectrum spectrum)
backline_plugin_test(player player)
target_link_libraries(test_plugin_player PRIVATE PkgConfig::SNDFILE PkgConfig::SAMPLERATE)
target_link_libraries(test_plugin_spectrum PRIVATE PkgConfig::FFTW)
