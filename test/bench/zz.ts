import { measureImage } from './image';
void measureImage(['fastapi'], Number(process.argv[2] ?? 3));
