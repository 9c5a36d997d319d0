/* What holds for a whole program that has keys in its memory. */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

/* No image of this process is written when it crashes, and no other program of
 * the same user reads its memory.  Called first in main(); a library leaves
 * that to its application. */
void process_keep_secrets(void);

#endif
