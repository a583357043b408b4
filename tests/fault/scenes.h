/*
 * scenes.h - the scenarios that have files of their own.
 */
#ifndef FAULT_SCENES_H
#define FAULT_SCENES_H

#include "scenario.h"

void play_start(void);

void prepare_dial(void);
void play_dial(void);
void prepare_adopt(void);
void play_adopt(void);

void prepare_unix(void);
void play_unix(void);
void prepare_drain(void);
void play_drain(void);

void prepare_hub(void);
void play_hub(void);

#endif
