/* subject_float.c: functions that return numbers in vector registers and on
 * the x87's stack. */
double half(double of);
float third(float of);
long double quarter(long double of);
int floats(void);

double half(double of)
{
	return of / 2;
}

float third(float of)
{
	return of / 3;
}

long double quarter(long double of)
{
	return of / 4;
}

int floats(void)
{
	volatile double a = half(5);
	volatile float b = third(6);
	volatile long double c = quarter(10);

	return (int)a + (int)b + (int)c;
}
