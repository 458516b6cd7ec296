// The program's door: everything it can do is a subcommand in cli/.
int main() { return 0; }
